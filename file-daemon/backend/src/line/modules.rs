//! `module_name` and `module_path`: what a line for one of Bareos's Python plugins keeps when only
//! the plugin's name in it is changed.

use super::{Line, Pair};
use errors::{Error, Kind, Result};
use system::Secret;

/// Module, and the options that stand for it.
const MODULES: &[(&str, &[(&str, &str)])] = &[
    ("bareos-fd-postgresql", &[("engine", "postgresql")]),
    ("bareos-fd-mariabackup", &[("engine", "mariadb"), ("flavour", "mariadb-backup")]),
    ("bareos-fd-percona-xtrabackup", &[("engine", "mariadb"), ("flavour", "xtrabackup")]),
    ("bareos-fd-percona", &[("engine", "mariadb"), ("flavour", "xtrabackup")]),
];

/// Replaces them with the options that they stand for.
///
/// # Errors
/// `config`: no engine does what the module did, or an option contradicts it.
pub(super) fn translate(line: &mut Line) -> Result<()> {
    if let Some(path) = line.take("module_path") {
        let told = format!("{}: option module_path has no effect: there is no module", path.origin);
        line.warnings.push(told);
    }
    let Some(Pair { value: module, origin, .. }) = line.take("module_name") else { return Ok(()) };
    let module = module.expose();
    let Some((_, options)) = MODULES.iter().find(|(name, _)| *name == module) else {
        let known: Vec<&str> = MODULES.iter().map(|(name, _)| *name).collect();
        let told = format!("{origin}: no engine for module_name={module:?}");
        return Err(Error::new(Kind::Config, told)
            .hint(format!("There are engines for {}.", known.join(", "))));
    };
    for (name, value) in *options {
        match line.get(name) {
            Some(given) if given.value.expose() != *value => {
                let told = format!("{origin}: module_name={module} contradicts option {name}");
                return Err(Error::new(Kind::Config, told)
                    .hint(format!("Leave module_name away, or write {name}={value}.")));
            }
            Some(_) => {}
            None => line.pairs.push(Pair {
                name: (*name).to_owned(),
                value: Secret::new(*value),
                origin: origin.clone(),
            }),
        }
    }
    Ok(())
}
