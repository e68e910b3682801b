//! `check`: everything that would make a backup fail, or hurt one day. What cannot be looked at
//! hides nothing else.

use crate::address::Address;
use crate::server::Server;
use crate::session::Session;
use crate::tool::{Flavour, Tool};
use crate::{grants, option_file};
use errors::{Kind, Result, Rule};
use stream::{Diagnosis, Job};

// All that is looked for; `docs/errors.md` is generated from it.
errors::rules! {
    pub(crate) static;

    CONNECTION "mariadb-connection"
        "Whether the server can be asked at all."
        "Check host, port, socket, user and password, and that the server runs."
    TOOL "mariadb-tool"
        "Whether the tool of the server's makers is installed, and of the server's own series."
        "Install mariadb-backup or XtraBackup of the same series as the server."
    GRANTS "mariadb-grants"
        "The rights that a backup needs. The tools miss some of them only when all data was copied."
        "Run the GRANT of the hint as an administrator."
    DATA_DIRECTORY "mariadb-data-directory"
        "Whether the server's files are on this host, can be read, and are those of the server that answers."
        "Run on the server's host, as root or as the owner of its files."
    BINLOG "mariadb-binlog"
        "Whether the server writes binlogs: without them only the moments of the backups can be reached."
        "Set log_bin and a server_id, and restart the server."
    REDO "mariadb-redo-capacity"
        "Room of the redo log: when it wraps while a backup runs, the backup fails at its end."
        "Raise innodb_log_file_size (innodb_redo_log_capacity), to what the server writes in a backup's time."
    LOG_ARCHIVE "mariadb-log-archive"
        "`innodb_log_archive`: mariadb-backup refuses to work with it."
        "Switch it off while backups are taken with mariadb-backup."
    TEMPORARY "mariadb-temporary-directory"
        "Whether the temporary directory can be written: the tool's option file and small texts lie there."
        "Make room there, or set TMPDIR."
}

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
    (&TOOL, tool),
    (&GRANTS, rights),
    (&DATA_DIRECTORY, files),
    (&BINLOG, binlog),
    (&REDO, redo),
    (&LOG_ARCHIVE, log_archive),
    (&TEMPORARY, temporary),
];

/// Looks at everything.
pub(crate) fn run(job: &Job) -> Vec<Diagnosis> {
    let mut doctor = match Doctor::begin(job) {
        Ok(doctor) => doctor,
        Err(error) => return vec![Diagnosis::failure(&CONNECTION, &error)],
    };
    let text = format!("the server is {}, for {}", doctor.server.version, doctor.flavour);
    let mut found = vec![Diagnosis::ok(&CONNECTION, text)];
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
        Err(error) => return Ok(Diagnosis::failure(&TOOL, &error)),
    };
    let (program, version) = (tool.program.display(), &tool.version);
    Ok(Diagnosis::ok(&TOOL, format!("{program} is version {version}")))
}

fn rights(doctor: &mut Doctor<'_>) -> Result<Diagnosis> {
    let checkpoint = doctor.job.options.flag("checkpoint");
    let Doctor { session, server, flavour, .. } = doctor;
    let missing = grants::missing(session, server, *flavour, checkpoint)?;
    let user = &server.user;
    if missing.is_empty() {
        return Ok(Diagnosis::ok(&GRANTS, format!("{user} may do all that a backup does")));
    }
    let text = format!("{user} lacks {}", missing.join(", "));
    Ok(Diagnosis::error(&GRANTS, text).hint(grants::statement(user, &missing)))
}

fn files(doctor: &mut Doctor<'_>) -> Result<Diagnosis> {
    let path = doctor.server.data_directory.display().to_string();
    Ok(match doctor.server.check_files(&mut doctor.session) {
        Ok(()) => Diagnosis::ok(&DATA_DIRECTORY, format!("{path} can be read")),
        Err(error) => Diagnosis::failure(&DATA_DIRECTORY, &error),
    })
}

fn binlog(doctor: &mut Doctor<'_>) -> Result<Diagnosis> {
    Ok(match &doctor.server.binlog_base {
        Some(base) => Diagnosis::ok(&BINLOG, format!("binlogs are {}.*", base.display())),
        None => {
            let text = "the server writes no binlogs: nothing between two backups can be recovered";
            Diagnosis::warning(&BINLOG, text).hint(BINLOG.remedy())
        }
    })
}

fn redo(doctor: &mut Doctor<'_>) -> Result<Diagnosis> {
    let bytes = doctor.server.redo_capacity;
    let text = format!("the redo log has room for {} MiB", bytes >> 20);
    Ok(match bytes {
        0 => Diagnosis::warning(&REDO, "the server does not say how large its redo log is"),
        REDO_BYTES_MIN.. => Diagnosis::ok(&REDO, text),
        _ => Diagnosis::warning(&REDO, text).hint(REDO.remedy()),
    })
}

fn log_archive(doctor: &mut Doctor<'_>) -> Result<Diagnosis> {
    let value = doctor.session.variable("innodb_log_archive")?;
    Ok(match value.as_deref() {
        Some("ON") => {
            Diagnosis::error(&LOG_ARCHIVE, "innodb_log_archive is on").hint(LOG_ARCHIVE.remedy())
        }
        _ => Diagnosis::ok(&LOG_ARCHIVE, "innodb_log_archive is not in the way"),
    })
}

fn temporary(_doctor: &mut Doctor<'_>) -> Result<Diagnosis> {
    let place = std::env::temp_dir().display().to_string();
    Ok(match option_file::write(None, &[]) {
        Ok(_) => Diagnosis::ok(&TEMPORARY, format!("{place} can be written")),
        Err(error) => Diagnosis::failure(&TEMPORARY, &error),
    })
}
