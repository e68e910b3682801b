//! The daemon itself: what it makes of a backend's faults, and that it outlives them.

use crate::object::built;
use fixtures::bacula::{Bacula, JobSpec, Level, Programs, RestoreSpec, Setup};
use fixtures::{Random, Scratch, StandInBackend};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::thread;
use std::time::{Duration, Instant};

/// Longer than a backend takes to come to a place, and to end once it was told to.
const PATIENCE: Duration = Duration::from_secs(100);

/// Jobs that take turns: the director counts in seconds, and waits until two backups of one job are not
/// of the same one.
const TURNS: usize = 10;

struct Stage {
    backend: StandInBackend,
    bacula: Bacula,
    scratch: Scratch,
}

/// Jobs of the usual version, and with time of 15 as well.
fn on_each_version(work: impl Fn(&Stage)) {
    let newer = fixtures::is_long().then(Programs::of_15).flatten();
    for programs in [Some(Programs::usual()), newer].into_iter().flatten() {
        let scratch = Scratch::new();
        let backend = StandInBackend::install(scratch.path());
        let configuration = format!("backend = {}\n", backend.program().display());
        let setup = Setup::of(programs).plugin(built()).file("seawall-fd.conf", configuration);
        let turns = (0..TURNS).map(|turn| format!("turn-{turn}"));
        let setup = turns.fold(setup, |setup, name| setup.job(&name, JobSpec::of("seawall:x")));
        let bacula = setup
            .job("x", JobSpec::of("seawall:x"))
            .job("two", JobSpec::of("seawall:x").and("seawall:y"))
            .job("io", JobSpec::of("seawall:panic=io"))
            .job("start", JobSpec::of("seawall:panic=start"))
            .start(&scratch);
        work(&Stage { backend, bacula, scratch });
    }
}

/// The failures that the plugin told.
fn fatal(log: &str) -> Vec<&str> {
    let told = log.lines().filter(|line| line.contains("Fatal error: ") && line.contains("t-fd"));
    told.map(|line| line.split("Fatal error: ").nth(1).unwrap()).collect()
}

#[test]
fn a_backup_fails_with_its_backend() {
    on_each_version(|Stage { backend, bacula, .. }| {
        for (name, value, wanted) in [
            ("FAULT", "die@hello", "the backend died"),
            ("FAULT", "die@file0", "the backend died"),
            ("FAULT", "die@body", "the backend died"),
            ("FAULT", "die@last-byte", "the backend died"),
            ("FAULT", "failed@end", "failed at end"),
            ("FAULT", "garbage@body", "the backend said what is no message"),
            ("WRONG_LENGTH", "1", "/@seawall/"),
            ("WRONG_VERSION", "1", "the program seawall 0.0.0-stand-in"),
        ] {
            backend.instruct(&[(name, value)]);
            let job = bacula.run_job("x", Level::Full);
            assert_eq!(job.termination, "*** Backup Error ***", "{value}\n{}", job.log);
            let [told] = fatal(&job.log)[..] else { panic!("{value}\n{}", job.log) };
            assert!(told.starts_with(wanted), "{value}: {told}");
        }
        backend.instruct(&[("NO_FILES", "1"), ("NO_OBJECTS", "1")]);
        assert_eq!(bacula.run_job("x", Level::Full).status, 'f');
        for job in ["io", "start"] {
            backend.instruct(&[]);
            let job = bacula.run_job(job, Level::Full);
            assert_eq!((job.status, fatal(&job.log).len()), ('f', 1), "{}", job.log);
        }
        bacula.run_job("two", Level::Full).ok();
        assert!(bacula.file_daemon_is_alive());
    });
}

#[test]
fn what_the_backend_reports_stands_in_the_log() {
    on_each_version(|Stage { backend, bacula, .. }| {
        backend.instruct(&[("REPORTS", "1"), ("UNKNOWN_SIZE", "1")]);
        let job = bacula.run_job("x", Level::Full);
        assert_eq!(job.termination, "Backup OK -- with warnings", "{}", job.log);
        assert!(job.log.contains("Error: an error\n") && job.log.contains("Warning: a long"));
        assert!(!job.log.contains("for those who look") && fatal(&job.log).is_empty());
    });
}

#[test]
fn a_cancel_ends_a_backend_that_hangs() {
    on_each_version(|Stage { backend, bacula, .. }| {
        for place in ["hello", "file0", "body"] {
            let settings = [("FAULT", &*format!("silence@{place}")), ("GRANDCHILD", "1")];
            backend.instruct(&settings);
            let job = bacula.start_job("x", Level::Full);
            let note = format!("fault silence at {place}");
            let begin = Instant::now();
            while backend.noted(&note).is_none() {
                assert!(begin.elapsed() < PATIENCE, "{}", bacula.job_log(job));
                thread::sleep(Duration::from_millis(20));
            }
            let _ = bacula.cancel(job);
            let job = bacula.wait(job);
            assert_eq!(job.termination, "Backup Canceled", "{place}\n{}", job.log);
            assert!(fatal(&job.log).len() <= 1, "{}", job.log);
            nothing_is_left(backend, bacula, place);
        }
        backend.instruct(&[]);
        bacula.run_job("x", Level::Full).ok();
    });
}

/// No backend, nothing that one has started, no directory of one.
fn nothing_is_left(backend: &StandInBackend, bacula: &Bacula, what: &str) {
    let journal = backend.journal();
    let mut processes: Vec<String> =
        journal.iter().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
    let grandchildren = journal.iter().filter_map(|line| line.split(" grandchild ").nth(1));
    processes.extend(grandchildren.map(str::to_owned));
    processes.dedup();
    let lives = |process: &String| {
        // One that nobody has reaped yet has no words.
        fs::read(format!("/proc/{process}/cmdline")).is_ok_and(|words| !words.is_empty())
    };
    let begin = Instant::now();
    loop {
        let entries = fs::read_dir(bacula.working_dir()).unwrap().flatten();
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        let mut left: Vec<String> = names.filter(|name| name.starts_with("seawall-fd.")).collect();
        left.extend(processes.iter().filter(|process| lives(process)).cloned());
        if left.is_empty() {
            return;
        }
        assert!(begin.elapsed() < PATIENCE, "{what} leaves {left:?}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// No moment is a bad one. All of these jobs would wait for their backend for ten minutes.
#[test]
fn a_cancel_at_any_moment_ends_the_job() {
    on_each_version(|Stage { backend, bacula, .. }| {
        let mut random = Random::seeded();
        let times = if fixtures::is_long() { 200 } else { 12 };
        backend.instruct(&[]);
        let begin = Instant::now();
        bacula.run_job("x", Level::Full).ok();
        let longest = begin.elapsed();
        let places = [
            "hello",
            "start",
            "file0",
            "file1",
            "file2",
            "file3",
            "open",
            "body",
            "last-byte",
            "state",
            "end",
        ];
        let mut last = Duration::ZERO;
        for time in 0..times {
            let _ = fs::remove_file(backend.program().with_file_name("journal"));
            let (place, wait) = (random.one_of(&places), random.up_to(longest));
            let what = format!("{time}: silent at {place}, cancelled after {wait:?}");
            backend.instruct(&[("FAULT", &format!("silence@{place}")), ("GRANDCHILD", "1")]);
            let job = bacula.start_job(&format!("turn-{}", time % TURNS), Level::Full);
            thread::sleep(wait);
            let said = bacula.cancel(job);
            let begin = Instant::now();
            let ended = bacula.wait(job);
            last = last.max(begin.elapsed());
            assert_eq!(ended.termination, "Backup Canceled", "{what}\n{said}\n{}", ended.log);
            // The daemon may say something of its own, if it was about to call the plugin.
            let told = fatal(&ended.log).iter().filter(|text| text.contains("cancelled")).count();
            assert!(told <= 1, "{what}\n{}", ended.log);
            nothing_is_left(backend, bacula, &what);
        }
        println!("{times} cancels: the last job had ended {last:?} later");
        assert!(bacula.file_daemon_is_alive());
        backend.instruct(&[]);
        bacula.run_job("x", Level::Full).ok();
    });
}

#[test]
fn a_restore_fails_with_its_backend() {
    on_each_version(|Stage { backend, bacula, .. }| {
        backend.instruct(&[]);
        let full = bacula.run_job("x", Level::Full).good();
        let spec = RestoreSpec::of_jobs(&[full.job_id]);
        for (name, value, wanted) in [
            ("FAULT", "die@create", "the backend died"),
            ("FAULT", "die@body", "the backend died"),
            ("FAULT", "failed@close", "failed at close"),
            ("FAULT", "failed@finish", "failed at finish"),
            ("BAD_CLOSE", "1", "/@seawall/"),
            ("BAD_DONE", "1", "the backend could not"),
            ("REPLY", "failed", "4 files could not"),
        ] {
            backend.instruct(&[(name, value)]);
            let job = bacula.restore(&spec);
            assert_eq!(job.termination, "*** Restore Error ***", "{value}\n{}", job.log);
            let [told] = fatal(&job.log)[..] else { panic!("{value}\n{}", job.log) };
            assert!(told.starts_with(wanted), "{value}: {told}");
        }
        backend.instruct(&[]);
        // Of this length the catalogue of the older version gives it back.
        bacula.restore(&spec.plugin_option("target", "now")).ok();
        assert!(bacula.file_daemon_is_alive());
        let options = backend.journal().into_iter().rfind(|line| line.contains(" options "));
        assert!(options.unwrap().contains("target=\"now\""));
    });
}

#[test]
fn files_that_the_daemon_writes_itself_have_owner_mode_and_time() {
    on_each_version(|Stage { backend, bacula, scratch }| {
        backend.instruct(&[]);
        let full = bacula.run_job("x", Level::Full).good();
        backend.instruct(&[("REPLY", "core")]);
        let place = scratch.join("place");
        let spec = RestoreSpec::of_jobs(&[full.job_id]).to(&place);
        bacula.restore(&spec).ok();
        let large = place.join("@seawall/stand-in/0000000007/data/large.bin");
        let metadata = fs::metadata(&large).unwrap();
        let found = (metadata.mode() & 0o7777, metadata.uid(), metadata.gid(), metadata.mtime());
        assert_eq!(found, (0o640, 1001, 1002, 1_700_000_000));
        assert_eq!(metadata.len(), 1_000_000);
        // A file that is there stays, if the operator says so: the daemon looks itself.
        fs::write(&large, "mine").unwrap();
        let _ = bacula.restore(&spec.replace("never"));
        assert_eq!(fs::read(&large).unwrap(), b"mine");
    });
}

/// The daemon has sent the job's end to its director before it tells the plugin: the backup is whole,
/// and only what the next one would have known is missing.
#[test]
fn what_fails_after_the_job_s_end_is_told_and_no_more() {
    on_each_version(|Stage { backend, bacula, .. }| {
        for (name, value) in [("BAD_DONE", "1"), ("FAULT", "die@finish")] {
            backend.instruct(&[(name, value)]);
            let job = bacula.run_job("x", Level::Full);
            assert_eq!((&*job.termination, fatal(&job.log).len()), ("Backup OK", 0), "{}", job.log);
            assert!(job.log.contains("Warning: this host could not keep"), "{}", job.log);
        }
        assert!(bacula.file_daemon_is_alive());
    });
}
