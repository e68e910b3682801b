//! Trees of files, compared byte by byte.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Path → mode, length and a hash of the content.
pub(crate) type Tree = BTreeMap<String, (u32, u64, u64)>;

/// What a restored directory holds.
pub(crate) fn read(dir: &Path) -> Tree {
    let mut tree = Tree::new();
    walk(dir, "", &mut tree);
    tree
}

fn walk(dir: &Path, below: &str, tree: &mut Tree) {
    for entry in fs::read_dir(dir).unwrap().flatten() {
        let name = format!("{below}/{}", entry.file_name().to_str().unwrap());
        let metadata = entry.metadata().unwrap();
        if metadata.is_dir() {
            walk(&entry.path(), &name, tree);
            tree.insert(name, (metadata.mode(), 0, 0));
        } else {
            let mut hasher = DefaultHasher::new();
            fs::read(entry.path()).unwrap().hash(&mut hasher);
            tree.insert(name, (metadata.mode(), metadata.len(), hasher.finish()));
        }
    }
}
