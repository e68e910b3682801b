//! Merging: flag over environment over target over repository over global over the database's own
//! variables over default; each value remembers where it came from.

use super::check::check_sections;
use super::file::{ConfigFiles, Section, place_of};
use super::general::GENERAL;
use super::sources::{Environment, Found, from_env, from_native_env, from_section, pick};
use crate::registry;
use errors::{Context, Error, Kind, Result};
use repository::storage::driver_of;
use stream::{Engine, OptionKind, OptionSpec, Options, TargetName};

/// What the command line asks for.
#[derive(Debug, Default, Clone)]
pub(crate) struct Request {
    /// A URL, or a target's name.
    pub(crate) place: Option<String>,
    /// The name under which the target is kept.
    pub(crate) target: Option<String>,
    /// The engine, where it is not the one of the URL or of the configuration.
    pub(crate) engine: Option<String>,
    /// General options that were given as flags.
    pub(crate) flags: Vec<(&'static str, String)>,
    /// Options of the engine, `--set name=value`.
    pub(crate) sets: Vec<(String, String)>,
    /// They come from a daemon's plugin line, and not from a command line.
    pub(crate) is_plugin_line: bool,
}

/// One merged value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Merged {
    pub(crate) name: &'static str,
    /// Masked where it is a secret.
    pub(crate) value: String,
    pub(crate) origin: String,
}

/// Everything merged.
pub(crate) struct Settings {
    pub(crate) general: Options,
    /// The engine and its options, where a URL or the configuration names one.
    pub(crate) engine: Option<(&'static dyn Engine, Options)>,
    /// The target's name, where one is named or follows from the options.
    pub(crate) target: Option<TargetName>,
    /// The repository's location, with the options of its storage driver.
    pub(crate) repo: Option<(String, Options)>,
    /// All values, for `config show`.
    pub(crate) values: Vec<Merged>,
}

impl Settings {
    /// Merges everything for a request.
    ///
    /// # Errors
    /// `config` and `usage`.
    pub(crate) fn merge(files: &ConfigFiles, env: &Environment, request: &Request) -> Result<Self> {
        check_sections(files)?;
        let url = request.place.as_deref().filter(|place| place.contains("://"));
        let named = request.place.as_deref().filter(|place| !place.contains("://"));
        let section = match named.or(request.target.as_deref()) {
            Some(name) => files.targets.get(name),
            None => None,
        };
        let mut merge = Merge { values: Vec::new() };
        let repo_section = repo_name(files, env, request, section);
        let general = merge.general(files, env, request, section, repo_section)?;
        let engine = merge.engine(env, request, section, url)?;
        let target = match request.target.as_deref().or(named) {
            Some(name) => {
                Some(TargetName::new(name).or_kind(Kind::Usage, || "read the target's name")?)
            }
            None => match &engine {
                Some((engine, options)) => {
                    let name = engine.default_target(options);
                    Some(TargetName::encode(&name).or_kind(Kind::Usage, || {
                        format!("{name} is too long for a target's name; give --target")
                    })?)
                }
                None => None,
            },
        };
        let repo = general.text("repo").map(|repo| location(files, repo)).transpose()?;
        let repo = repo.map(|place| merge.storage(env, repo_section, place)).transpose()?;
        Ok(Self { general, engine, target, repo, values: merge.values })
    }
}

/// The section of the repository that is named, for the options that stand in it.
fn repo_name<'a>(
    files: &'a ConfigFiles,
    env: &Environment,
    request: &Request,
    section: Option<&Section>,
) -> Option<&'a Section> {
    let flag =
        request.flags.iter().find(|(name, _)| *name == "repo").map(|(_, value)| value.clone());
    let entry = |section: &Section| section.get("repo").map(|entry| entry.value.clone());
    let name = flag
        .or_else(|| env.get("SEAWALL_REPO").cloned())
        .or_else(|| section.and_then(entry))
        .or_else(|| entry(&files.global))?;
    files.repos.get(&name)
}

/// With `/` or `://` a location, else a name of the configuration.
fn location(files: &ConfigFiles, repo: &str) -> Result<String> {
    if repo.contains('/') {
        return Ok(repo.to_owned());
    }
    let section = files.repos.get(repo).ok_or_else(|| {
        Error::new(Kind::Config, format!("there is no [repo.{repo}] in the configuration"))
            .hint(format!("A directory is written with a slash: --repo ./{repo}"))
    })?;
    place_of(section)
        .ok_or_else(|| Error::new(Kind::Config, format!("[repo.{repo}] has neither path nor url")))
}

/// The origin of an option that nobody set and that has no default.
const NOT_SET: &str = "not set";

struct Merge {
    values: Vec<Merged>,
}

impl Merge {
    fn general(
        &mut self,
        files: &ConfigFiles,
        env: &Environment,
        request: &Request,
        target: Option<&Section>,
        repo: Option<&Section>,
    ) -> Result<Options> {
        let mut options = Options::new(GENERAL);
        for spec in GENERAL {
            let flag = request.flags.iter().find(|(name, _)| *name == spec.name);
            let found = flag
                .map(|(_, value)| (value.clone(), "command line".to_owned()))
                .or_else(|| from_env(env, spec))
                .or_else(|| target.and_then(|section| from_section(section, spec)))
                .or_else(|| repo.and_then(|section| from_section(section, spec)))
                .or_else(|| from_section(&files.global, spec));
            self.set(&mut options, spec, found)?;
        }
        Ok(options)
    }

    /// The options of a repository's storage driver.
    fn storage(
        &mut self,
        env: &Environment,
        section: Option<&Section>,
        place: String,
    ) -> Result<(String, Options)> {
        let specs = driver_of(&place)?.options;
        let mut options = Options::new(specs);
        for spec in specs {
            let found = from_env(env, spec)
                .or_else(|| section.and_then(|section| from_section(section, spec)))
                .or_else(|| from_native_env(env, spec));
            self.set(&mut options, spec, found)?;
        }
        Ok((place, options))
    }

    fn engine(
        &mut self,
        env: &Environment,
        request: &Request,
        section: Option<&Section>,
        url: Option<&str>,
    ) -> Result<Option<(&'static dyn Engine, Options)>> {
        let written =
            section.and_then(|section| section.get("url")).map(|entry| entry.value.clone());
        let named =
            section.and_then(|section| section.get("engine")).map(|entry| entry.value.as_str());
        // A dump of a server has the server's URL: what an option names wins over the scheme.
        let engine = match (request.engine.as_deref().or(named), url.or(written.as_deref())) {
            (Some(name), _) => registry::by_name(name)?,
            (None, Some(url)) => registry::by_url(url)?,
            (None, None) => return Ok(None),
        };
        let given = url.map(|url| engine.url_options(url)).transpose()?.unwrap_or_default();
        let written = written.map(|url| engine.url_options(&url)).transpose()?.unwrap_or_default();
        let specs = engine.descriptor().options;
        let mut options = Options::new(specs);
        for (name, _) in request.sets.iter().chain(&given).chain(&written) {
            known(&options, name)?;
        }
        let may_be_secret = request.is_plugin_line;
        if let Some((name, _)) =
            request.sets.iter().find(|(name, _)| !may_be_secret && is_secret(&options, name))
        {
            return Err(Error::new(
                Kind::Usage,
                format!("{name} does not belong on a command line"),
            )
            .hint("Everybody on this host can read it: use a file or the environment."));
        }
        let origin = if request.is_plugin_line { "plugin line" } else { "command line" };
        for spec in specs {
            let found = pick(&options, spec, &request.sets, origin)
                .or_else(|| pick(&options, spec, &given, "URL on the command line"))
                .or_else(|| from_env(env, spec))
                .or_else(|| section.and_then(|section| from_section(section, spec)))
                .or_else(|| pick(&options, spec, &written, "url of the configuration"))
                .or_else(|| from_native_env(env, spec));
            self.set(&mut options, spec, found)?;
        }
        Ok(Some((engine, options)))
    }

    fn set(
        &mut self,
        options: &mut Options,
        spec: &'static OptionSpec,
        found: Found,
    ) -> Result<()> {
        let (value, origin) = match (found, spec.default) {
            (Some((value, origin)), _) => {
                options.set(spec.name, &value).map_err(|error| error.context(&origin))?;
                (value, origin)
            }
            (None, Some(default)) => (default.to_owned(), "default".to_owned()),
            (None, None) => ("-".to_owned(), NOT_SET.to_owned()),
        };
        let is_secret = spec.kind == OptionKind::Secret && origin != NOT_SET;
        let value = if is_secret { "***".to_owned() } else { value };
        self.values.push(Merged { name: spec.name, value, origin });
        Ok(())
    }
}

fn known(options: &Options, name: &str) -> Result<()> {
    // Asked for its words about the unknown name only.
    match options.spec(name) {
        Some(_) => Ok(()),
        None => {
            Err(options.clone().set(name, "").err().unwrap_or_else(|| Error::new(Kind::Bug, name)))
        }
    }
}

fn is_secret(options: &Options, name: &str) -> bool {
    options.spec(name).is_some_and(|spec| spec.kind == OptionKind::Secret)
}
