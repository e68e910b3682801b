//! The table of storage drivers. A driver is a row here: `docs/adding-a-storage-driver.md`.

use super::{Driver, posix};
use errors::{Error, Kind, Result};

/// All drivers that are built in.
pub const DRIVERS: &[Driver] = &[posix::DRIVER];

/// The driver of a location: by its scheme; without one it is a path.
///
/// # Errors
/// `usage`: there is none.
pub fn driver_of(location: &str) -> Result<&'static Driver> {
    let scheme = location.split_once("://").map_or(posix::DRIVER.scheme, |(scheme, _)| scheme);
    DRIVERS.iter().find(|driver| driver.scheme == scheme).ok_or_else(|| {
        let known: Vec<&str> = DRIVERS.iter().map(|driver| driver.scheme).collect();
        Error::new(Kind::Usage, format!("repositories on {scheme} are not supported"))
            .hint("Give the path of a directory.")
            .hint(format!("Built in: {}.", known.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use stream::Options;

    #[test]
    fn a_location_finds_its_driver() {
        for location in ["/backup", "backup/here", "file:///backup"] {
            assert_eq!(driver_of(location).unwrap().scheme, "file", "{location}");
        }
        let error = driver_of("ftp://host/backup").err().unwrap();
        assert_eq!(error.message(), "repositories on ftp are not supported");
        let same =
            |location| (posix::DRIVER.open)(location, &Options::new(&[])).unwrap().describe();
        assert_eq!(same("file:///backup/x"), same("/backup/x"));
    }

    #[test]
    fn schemes_are_told_apart_and_options_are_not_secret_in_the_open() {
        for (number, driver) in DRIVERS.iter().enumerate() {
            assert!(DRIVERS[number + 1..].iter().all(|other| other.scheme != driver.scheme));
            for spec in driver.options {
                assert!(spec.text.ends_with('.'), "{}", spec.name);
            }
        }
    }
}
