//! `module_name` and `module_path`: what a line for one of Bareos's Python plugins keeps when only
//! the plugin's name in it is changed.

use zeroize::Zeroizing;

use super::{MaskedText, Pair, PluginLine, PluginLineError};

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
///
/// Where no engine does what the module did, or an option contradicts it.
pub(super) fn translate(line: &mut PluginLine) -> Result<(), PluginLineError> {
    if let Some(path) = line.take("module_path") {
        let told = format!("{}: option module_path has no effect: there is no module", path.origin);
        line.warnings.push(told);
    }
    let Some(Pair { value, origin, .. }) = line.take("module_name") else { return Ok(()) };
    let module = value.expose().to_owned();
    let Some((_, options)) = MODULES.iter().find(|(name, _)| *name == module) else {
        let known = MODULES.iter().map(|(name, _)| *name).collect();
        return Err(PluginLineError::Module { origin, module, known });
    };
    for &(option, value) in *options {
        match line.get(option) {
            Some(given) if given.value.expose() != value => {
                return Err(PluginLineError::ModuleContradicted { origin, module, option, value });
            }
            Some(_) => {}
            None => line.pairs.push(Pair {
                name: option.to_owned(),
                value: MaskedText(Zeroizing::new(value.to_owned())),
                origin: origin.clone(),
            }),
        }
    }
    Ok(())
}
