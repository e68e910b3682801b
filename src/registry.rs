//! The engines that are built in.

use errors::{Error, Kind, Result};
use stream::Engine;

/// All engines.
pub(crate) fn all() -> &'static [&'static dyn Engine] {
    &[
        #[cfg(feature = "postgresql")]
        &engine_postgresql::PostgreSql,
        #[cfg(feature = "mariadb")]
        &engine_mariadb::MariaDb,
        #[cfg(feature = "failpoints")]
        &sample_engine::Sample,
        #[cfg(feature = "failpoints")]
        &sample_engine::SampleStreams,
        #[cfg(feature = "failpoints")]
        &sample_engine::SampleServer,
    ]
}

/// The engine of a URL's scheme.
///
/// # Errors
/// `usage`: no engine has it.
pub(crate) fn by_url(url: &str) -> Result<&'static dyn Engine> {
    let scheme = url.split("://").next().unwrap_or_default();
    let found = all().iter().find(|engine| engine.descriptor().schemes.contains(&scheme));
    found.copied().ok_or_else(|| {
        let known: Vec<&str> =
            all().iter().flat_map(|engine| engine.descriptor().schemes).copied().collect();
        Error::new(Kind::Usage, format!("no engine for URLs of {scheme}://"))
            .hint(format!("Known schemes: {}.", known.join(", ")))
    })
}

/// An engine by its name.
///
/// # Errors
/// `config`: no engine has it.
pub(crate) fn by_name(name: &str) -> Result<&'static dyn Engine> {
    let found = all().iter().find(|engine| engine.descriptor().name == name);
    found.copied().ok_or_else(|| {
        let known: Vec<&str> = all().iter().map(|engine| engine.descriptor().name).collect();
        Error::new(Kind::Config, format!("there is no engine {name:?} in this program"))
            .hint(format!("Built in: {}.", known.join(", ")))
    })
}
