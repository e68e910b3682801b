//! MariaDB and MySQL in Bacula.

mod chain;
mod ended;
mod host;
mod interrupted;
mod stage;
mod targets;
mod xtrabackup;

pub(crate) use chain::trees_come_back_of_every_shape_and_streams_without_the_plugin;
pub(crate) use ended::whoever_is_ended_leaves_nothing_on_the_host;
pub(crate) use interrupted::a_chain_goes_on_after_a_failure_and_begins_anew_after_a_loss;
pub(crate) use targets::several_targets_come_back_together_and_alone;
pub(crate) use xtrabackup::xtrabackups_trees_come_back_and_a_tool_that_hangs_goes;
