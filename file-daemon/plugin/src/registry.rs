//! Contexts by number. A daemon keeps the number in place of an address: its cancel comes from
//! another thread, and may come when the job's thread has ended the context just now.

use std::collections::HashMap;
use std::ffi::c_void;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

/// Values that a daemon knows by an opaque pointer.
#[derive(Debug)]
pub struct Registry<T> {
    values: LazyLock<RwLock<Values<T>>>,
}

#[derive(Debug)]
struct Values<T> {
    last: usize,
    kept: HashMap<usize, Arc<T>>,
}

impl<T> Default for Registry<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Registry<T> {
    /// An empty one.
    #[must_use]
    pub const fn new() -> Self {
        Self { values: LazyLock::new(|| RwLock::new(Values { last: 0, kept: HashMap::new() })) }
    }

    /// Keeps a value; what the daemon shall keep is never null, and never given twice.
    pub fn insert(&self, value: T) -> *mut c_void {
        let mut values = self.values.write().unwrap_or_else(PoisonError::into_inner);
        values.last += 1;
        let key = values.last;
        values.kept.insert(key, Arc::new(value));
        std::ptr::without_provenance_mut(key)
    }

    /// The value, if it is kept still.
    pub fn get(&self, key: *mut c_void) -> Option<Arc<T>> {
        self.values.read().unwrap_or_else(PoisonError::into_inner).kept.get(&key.addr()).cloned()
    }

    /// Keeps it no longer.
    pub fn remove(&self, key: *mut c_void) -> Option<Arc<T>> {
        self.values.write().unwrap_or_else(PoisonError::into_inner).kept.remove(&key.addr())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_removed_is_not_found_and_its_number_not_given_again() {
        let registry = Registry::new();
        let first = registry.insert("a");
        assert_eq!(registry.get(first).as_deref(), Some(&"a"));
        assert_eq!(registry.remove(first).as_deref(), Some(&"a"));
        let second = registry.insert("b");
        assert!(first != second && !second.is_null());
        assert!(registry.get(first).is_none() && registry.get(std::ptr::null_mut()).is_none());
    }
}
