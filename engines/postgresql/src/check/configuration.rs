//! Configuration files outside the data directory: a backup takes those that it can read.

use super::{Doctor, Findings, catalogue as rule, few};
use crate::configuration::Configuration;
use crate::server;
use stream::Diagnosis;

pub(super) fn look(doctor: &Doctor<'_>) -> Findings {
    let data = server::data_directory(&doctor.session, &doctor.job.options)?;
    let asked = Configuration::ask(&doctor.session, &data, doctor.major)?;
    let outside: Vec<_> = asked.outside.iter().map(|path| path.display().to_string()).collect();
    let text = match outside.len() {
        0 => "all configuration files that can be read are in the data directory".to_owned(),
        _ => format!("from outside the data directory a backup takes {}", few(&outside)),
    };
    let mut found = vec![Diagnosis::ok(&rule::CONFIGURATION, text)];
    found.extend(asked.findings.into_iter().map(|finding| {
        Diagnosis::warning(&rule::CONFIGURATION, finding.text)
            .hint("Let the user that takes the backups read it.")
    }));
    Ok(found)
}
