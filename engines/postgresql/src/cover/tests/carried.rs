//! Log that is in the backup itself.

use super::*;

#[test]
fn what_a_standbys_backup_carries_makes_it_whole_until_the_log_has_more() {
    let mut link = full(1, 2, 1);
    let mut state = State::of(&link).unwrap();
    let to = Lsn(3 * SEGMENT + 8192);
    state.carried = Some(crate::state::Carried { from: Lsn(3 * SEGMENT), to });
    link.state = serde_json::to_value(state).unwrap();
    let links = [link];
    for (numbers, reaches) in [(2..=2, to), (2..=3, Lsn(4 * SEGMENT)), (2..=5, Lsn(6 * SEGMENT))] {
        let log = Log::default().with(1, numbers.clone());
        let plan = plan(&links, &log, &super::to(RecoveryTarget::Latest)).unwrap();
        assert_eq!(plan.settings["reaches_lsn"], reaches.to_string(), "{numbers:?}");
        let window = window(&links[0], &log, None).unwrap();
        assert!(window.is_whole && window.to == Position::new(reaches.0), "{numbers:?}");
    }
    // The part that is carried is not searched: no target but its end lies in it.
    let log = Log::default().with(1, 2..=2);
    let inside = plan(&links, &log, &super::to(lsn(to.0 - 8))).unwrap_err();
    assert!(inside.message().contains("of which only the backup has a part"), "{inside:?}");
    // The segment before it is still needed.
    let gone = plan(&links, &Log::default(), &super::to(RecoveryTarget::Latest)).unwrap_err();
    assert!(gone.message().contains("000000010000000000000002 is missing"), "{gone:?}");
}
