//! The table of rooms in `docs/decisions/0001-rooms.md`.

use crate::top;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A row.
pub(crate) struct Room {
    /// Where it lies, below the top of the tree. The command, whose manifest lies at the top, is `src`.
    pub(crate) path: PathBuf,
    /// Its floor; a room apart has none.
    pub(crate) floor: Option<u8>,
    /// Whether its licence binds whoever links it.
    pub(crate) is_agpl: bool,
    /// Whether nothing may be linked that is not named, whoever wrote it.
    pub(crate) only: bool,
    floors: BTreeSet<u8>,
    /// Rooms by their paths, other people's crates and modules by their names.
    pub(crate) named: BTreeSet<String>,
}

impl Room {
    /// `| floor | room | what lives there | may depend on |`
    fn parse(row: &str) -> Self {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [floor, path, text, depends] = cells[..] else { panic!("not four cells: {row}") };
        let is_word = |word: &str| depends.split_whitespace().next() == Some(word);
        let names: BTreeSet<String> = quoted(depends).map(str::to_owned).collect();
        let floors = match is_word("floor") || is_word("floors") {
            true => depends.split([',', ' ']).filter_map(|word| word.parse().ok()).collect(),
            false => BTreeSet::new(),
        };
        assert!(!text.is_empty(), "nothing lives there: {row}");
        assert!(
            depends == "–" || is_word("only") || !floors.is_empty() || !names.is_empty(),
            "it may depend on what? {row}"
        );
        Self {
            path: PathBuf::from(quoted(path).next().unwrap_or_else(|| panic!("no path: {row}"))),
            floor: (floor != "apart").then(|| floor.parse().unwrap_or_else(|_| panic!("{row}"))),
            is_agpl: text.contains("AGPL-3.0-only"),
            only: is_word("only"),
            floors,
            named: names,
        }
    }

    /// Where its manifest lies, if it is a crate.
    pub(crate) fn manifest(&self) -> Option<PathBuf> {
        let dir = if self.path == Path::new("src") { Path::new("") } else { &self.path };
        let manifest = top().join(dir).join("Cargo.toml");
        manifest.is_file().then_some(manifest)
    }

    /// Why the room must not depend on another, if it must not.
    pub(crate) fn refuses(&self, other: &Self) -> Option<&'static str> {
        let is_named = self.named.contains(other.path.to_str().unwrap());
        match (self.floor, other.floor) {
            (Some(floor), Some(above)) if above > floor => Some("lies on a higher floor"),
            (_, None) if !is_named => Some("is not named by its row"),
            (_, Some(floor)) if !is_named && !self.floors.contains(&floor) => {
                Some("is neither named by its row nor on a floor that the row names")
            }
            _ if other.is_agpl && !self.is_agpl => Some("has a licence that binds"),
            _ => None,
        }
    }
}

fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// All rows.
pub(crate) fn rooms() -> Vec<Room> {
    let page = fs::read_to_string(top().join("docs/decisions/0001-rooms.md")).unwrap();
    let rows = page.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
    let rooms: Vec<Room> = rows.take_while(|line| line.starts_with('|')).map(Room::parse).collect();
    let paths: BTreeSet<&PathBuf> = rooms.iter().map(|room| &room.path).collect();
    assert!(paths.len() == rooms.len() && rooms.len() > 10, "the table was not found");
    rooms
}

#[test]
fn every_row_is_a_room_and_every_file_lies_in_one() {
    let rooms = rooms();
    let mut wrong = Vec::new();
    for room in &rooms {
        if !top().join(&room.path).is_dir() {
            wrong.push(format!("{}: there is no such folder", room.path.display()));
        }
        // A floor is above all floors that its rooms reach.
        wrong.extend(
            room.floors.iter().filter(|floor| room.floor.is_some_and(|own| own <= **floor)).map(
                |floor| format!("{}: floor {floor} is not below its own", room.path.display()),
            ),
        );
    }
    let has_row = |path: &Path| rooms.iter().any(|room| room.path == path);
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let mut holds_files = false;
        for entry in fs::read_dir(top().join(&folder)).unwrap().flatten() {
            let name = entry.file_name();
            if name == "target" || name.to_string_lossy().starts_with('.') {
                continue;
            }
            holds_files |= !entry.path().is_dir();
            if entry.path().is_dir() {
                folders.push(folder.join(name));
            }
        }
        let needs_row = folder.parent() == Some(Path::new("src"))
            || top().join(&folder).join("Cargo.toml").is_file() && folder != Path::new("");
        let lies_in_one = folder.ancestors().any(has_row) || folder == Path::new("");
        if needs_row && !has_row(&folder) || holds_files && !lies_in_one {
            wrong.push(format!("{}: a row is missing", folder.display()));
        }
    }
    assert!(wrong.is_empty(), "docs/decisions/0001-rooms.md\n{}", wrong.join("\n"));
}

#[test]
fn rows_are_read_as_they_are_written() {
    let row = |floor, path, depends| {
        Room::parse(&format!("| {floor} | `{path}` | something | {depends} |"))
    };
    let (low, middle) = (row("0", "low", "–"), row("1", "middle", "floor 0"));
    let (high, beside) =
        (row("2", "high", "floors 0, 1, `apart`"), row("2", "beside", "`low`, `high`"));
    let apart = row("apart", "apart", "only `low`, `libc`");
    for (from, to, is_free) in [
        (&middle, &low, true),
        (&low, &middle, false),
        (&high, &middle, true),
        (&high, &beside, false),
        (&beside, &high, true),
        (&beside, &middle, false),
        (&high, &apart, true),
        (&middle, &apart, false),
        (&apart, &low, true),
        (&apart, &middle, false),
    ] {
        let (from_path, to_path) = (from.path.display(), to.path.display());
        assert_eq!(from.refuses(to).is_none(), is_free, "{from_path} to {to_path}");
    }
    assert!(apart.only && apart.named.contains("libc") && !high.only);
    let agpl = Room::parse("| apart | `x` | AGPL-3.0-only | only `apart` |");
    let free = row("3", "free", "`x`, `apart`");
    assert!(free.refuses(&agpl).is_some() && free.refuses(&apart).is_none());
}
