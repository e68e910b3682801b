//! `check`: everything that would make a backup fail, or hurt one day. What cannot be looked at
//! hides nothing else.

pub(crate) mod catalogue;

use crate::address::Address;
use crate::grants;
use crate::option_file;
use crate::server::Server;
use crate::session::Session;
use crate::tool::{Flavour, Tool};
use catalogue as rule;
use errors::{Kind, Result, Rule};
use stream::{Diagnosis, Job};

/// Less than this wraps within minutes on a server that writes.
const REDO_BYTES_MIN: u64 = 64 << 20;

/// What every step works with.
struct Doctor<'a> {
    job: &'a Job,
    session: Session,
    server: Server,
    flavour: Flavour,
}

type Step = (&'static Rule, fn(&mut Doctor<'_>) -> Result<Diagnosis>);

/// In this order; none needs another.
static STEPS: &[Step] = &[
    (&rule::TOOL, tool),
    (&rule::GRANTS, rights),
    (&rule::DATA_DIRECTORY, files),
    (&rule::BINLOG, binlog),
    (&rule::REDO, redo),
    (&rule::LOG_ARCHIVE, log_archive),
    (&rule::TEMPORARY, temporary),
];

/// Looks at everything.
pub(crate) fn run(job: &Job) -> Vec<Diagnosis> {
    let mut doctor = match Doctor::begin(job) {
        Ok(doctor) => doctor,
        Err(error) => return vec![Diagnosis::failure(&rule::CONNECTION, &error)],
    };
    let text = format!("the server is {}, for {}", doctor.server.version, doctor.flavour);
    let mut found = vec![Diagnosis::ok(&rule::CONNECTION, text)];
    for (rule, look) in STEPS {
        match look(&mut doctor) {
            Ok(diagnosis) => found.push(diagnosis),
            Err(error) => {
                found.push(Diagnosis::unknown(rule, &error));
                if matches!(error.kind(), Kind::Timeout | Kind::Connect | Kind::Interrupted) {
                    break;
                }
            }
        }
    }
    found
}

impl<'a> Doctor<'a> {
    fn begin(job: &'a Job) -> Result<Self> {
        let address = Address::find(&job.options)?;
        let mut session = Session::open(&address, &job.options, &job.cancel)?;
        let server = Server::ask(&mut session, &job.options)?;
        let flavour = server.flavour(&job.options)?;
        Ok(Self { job, session, server, flavour })
    }
}

fn tool(doctor: &mut Doctor<'_>) -> Result<Diagnosis> {
    let found = Tool::of(doctor.flavour, &doctor.job.options);
    let tool = match found.and_then(|tool| tool.check_fits(&doctor.server.version).map(|()| tool)) {
        Ok(tool) => tool,
        Err(error) => return Ok(Diagnosis::failure(&rule::TOOL, &error)),
    };
    let (program, version) = (tool.program.display(), &tool.version);
    Ok(Diagnosis::ok(&rule::TOOL, format!("{program} is version {version}")))
}

fn rights(doctor: &mut Doctor<'_>) -> Result<Diagnosis> {
    let checkpoint = doctor.job.options.flag("checkpoint");
    let Doctor { session, server, flavour, .. } = doctor;
    let missing = grants::missing(session, server, *flavour, checkpoint)?;
    let user = &server.user;
    if missing.is_empty() {
        return Ok(Diagnosis::ok(&rule::GRANTS, format!("{user} may do all that a backup does")));
    }
    let text = format!("{user} lacks {}", missing.join(", "));
    Ok(Diagnosis::error(&rule::GRANTS, text).hint(grants::statement(user, &missing)))
}

fn files(doctor: &mut Doctor<'_>) -> Result<Diagnosis> {
    let path = doctor.server.data_directory.display().to_string();
    Ok(match doctor.server.check_files(&mut doctor.session) {
        Ok(()) => Diagnosis::ok(&rule::DATA_DIRECTORY, format!("{path} can be read")),
        Err(error) => Diagnosis::failure(&rule::DATA_DIRECTORY, &error),
    })
}

fn binlog(doctor: &mut Doctor<'_>) -> Result<Diagnosis> {
    Ok(match &doctor.server.binlog_base {
        Some(base) => Diagnosis::ok(&rule::BINLOG, format!("binlogs are {}.*", base.display())),
        None => {
            let text = "the server writes no binlogs: nothing between two backups can be recovered";
            Diagnosis::warning(&rule::BINLOG, text).hint(rule::BINLOG.remedy())
        }
    })
}

fn redo(doctor: &mut Doctor<'_>) -> Result<Diagnosis> {
    let bytes = doctor.server.redo_capacity;
    let text = format!("the redo log has room for {} MiB", bytes >> 20);
    Ok(match bytes {
        0 => Diagnosis::warning(&rule::REDO, "the server does not say how large its redo log is"),
        REDO_BYTES_MIN.. => Diagnosis::ok(&rule::REDO, text),
        _ => Diagnosis::warning(&rule::REDO, text).hint(rule::REDO.remedy()),
    })
}

fn log_archive(doctor: &mut Doctor<'_>) -> Result<Diagnosis> {
    let value = doctor.session.variable("innodb_log_archive")?;
    Ok(match value.as_deref() {
        Some("ON") => Diagnosis::error(&rule::LOG_ARCHIVE, "innodb_log_archive is on")
            .hint(rule::LOG_ARCHIVE.remedy()),
        _ => Diagnosis::ok(&rule::LOG_ARCHIVE, "innodb_log_archive is not in the way"),
    })
}

fn temporary(_doctor: &mut Doctor<'_>) -> Result<Diagnosis> {
    let place = std::env::temp_dir().display().to_string();
    Ok(match option_file::write(None, &[]) {
        Ok(_) => Diagnosis::ok(&rule::TEMPORARY, format!("{place} can be written")),
        Err(error) => Diagnosis::failure(&rule::TEMPORARY, &error),
    })
}
