//! Stories that guests tell.

mod story;

use super::*;
use crate::console::How;
use crate::outcome::Exit;

use story::{Story, edge, guest_case, host_case};

#[test]
fn a_plain_session_is_complete() {
    let (boot, case, off) = (edge(Work::Boot), guest_case("a"), edge(Work::PowerOff));
    let cases = [&boot, &case, &off];
    let mut story = Story::new(&cases);
    story
        .hello()
        .begin(1)
        .end(1, How::Exit(0))
        .event(Event::Bye);
    assert_eq!(story.gone(0, ""), Over::Complete);
    assert_eq!(
        story.verdicts(),
        [(0, Status::Pass), (1, Status::Pass), (2, Status::Pass)]
    );
}

#[test]
fn silence_at_boot_is_the_first_cases_timeout() {
    let (a, b) = (guest_case("a"), guest_case("b"));
    let cases = [&a, &b];
    let mut story = Story::new(&cases);
    assert_eq!(story.after(59), None);
    assert_eq!(story.after(1), Some(Over::NoBoot));
    assert_eq!(story.verdicts(), [(0, Status::Timeout)]);
    assert!(story.last().verdict.detail.contains("silent"));
}

#[test]
fn chatter_is_no_sign_of_life() {
    let case = guest_case("a");
    let cases = [&case];
    let mut story = Story::new(&cases);
    story.hello();
    for _ in 0..14 {
        story.text("[    1.0] tick");
        assert_eq!(story.after(1), None);
    }
    assert_eq!(story.after(1), Some(Over::Died));
    assert_eq!(story.verdicts(), [(0, Status::Crash)]);
}

#[test]
fn the_agents_timeout_is_a_timeout_and_the_runners_a_hang() {
    let (a, b) = (guest_case("a"), guest_case("b"));
    let cases = [&a, &b];
    let mut story = Story::new(&cases);
    story.hello().begin(0).end(0, How::Timeout).begin(1);
    assert_eq!(story.after(44), None);
    assert_eq!(story.after(1), Some(Over::Died));
    assert_eq!(story.verdicts(), [(0, Status::Timeout), (1, Status::Crash)]);
    assert!(story.last().verdict.detail.contains("hangs"));
}

#[test]
fn a_panic_is_listened_to_before_the_guest_is_stopped() {
    let case = guest_case("a");
    let cases = [&case];
    let mut story = Story::new(&cases);
    story
        .hello()
        .begin(0)
        .text("kernel panicked at x.rs:1: why");
    assert_eq!(story.after(1), None);
    story.text("  1: backtrace");
    assert_eq!(story.after(1), Some(Over::Died));
    assert_eq!(story.verdicts(), [(0, Status::Crash)]);
    assert!(story.last().log.contains("backtrace"));
}

#[test]
fn what_a_program_prints_is_no_panic() {
    let case = guest_case("a");
    let cases = [&case];
    let mut story = Story::new(&cases);
    story.hello().begin(0).event(Event::Output(
        0,
        b"thread 'main' panicked at src/main.rs\n".to_vec(),
    ));
    story.end(0, How::Exit(0));
    assert_eq!(story.verdicts(), [(0, Status::Pass)]);
}

#[test]
fn a_pass_does_not_stand_when_the_kernel_dies_of_its_end() {
    let case = guest_case("a");
    let cases = [&case];
    let mut story = Story::new(&cases);
    story
        .hello()
        .begin(0)
        .end(0, How::Exit(0))
        .text("[PANIC] use after free");
    assert_eq!(story.after(2), Some(Over::Died));
    assert_eq!(story.verdicts(), [(0, Status::Crash)]);
    assert!(
        story
            .last()
            .verdict
            .detail
            .contains("after the case had reported")
    );
}

#[test]
fn a_guest_that_stops_early_crashed_and_qemu_that_dies_is_infra() {
    let case = guest_case("a");
    let cases = [&case];
    for (wait_status, stderr, status, over) in [
        (0, "", Status::Crash, Over::Died),
        (1 << 8, "", Status::Crash, Over::Died),
        (1 << 8, "qemu: could not lock", Status::Infra, Over::Infra),
        (6, "", Status::Infra, Over::Infra),
    ] {
        let mut story = Story::new(&cases);
        story.hello().begin(0);
        assert_eq!(
            story.gone(wait_status, stderr),
            over,
            "{wait_status} {stderr}"
        );
        assert_eq!(story.verdicts(), [(0, status)], "{wait_status} {stderr}");
    }
}

#[test]
fn a_lost_end_is_missing_and_not_the_next_cases() {
    let (a, b) = (guest_case("a"), guest_case("b"));
    let cases = [&a, &b];
    let mut story = Story::new(&cases);
    story
        .hello()
        .begin(0)
        .event(Event::Lost(1))
        .begin(1)
        .end(1, How::Exit(0));
    assert_eq!(story.verdicts(), [(0, Status::Missing), (1, Status::Pass)]);
}

#[test]
fn a_number_that_does_not_exist_is_a_note() {
    let case = guest_case("a");
    let cases = [&case];
    let mut story = Story::new(&cases);
    story
        .hello()
        .begin(7)
        .end(7, How::Exit(0))
        .begin(0)
        .end(0, How::Exit(0));
    assert_eq!(story.verdicts(), [(0, Status::Pass)]);
}

#[test]
fn the_client_on_the_host_is_started_once_and_decides() {
    let case = host_case("a");
    let cases = [&case];
    let mut story = Story::new(&cases);
    story.hello().begin(0);
    assert_eq!(story.session.wants_host(), None);
    story.event(Event::Ready(0));
    assert_eq!(
        (story.session.wants_host(), story.session.wants_host()),
        (Some(0), None)
    );
    // The server that serves one client may end before the client has printed its result.
    story.end(0, How::Exit(0));
    assert_eq!(story.verdicts(), []);
    story.host(Some(0), "good figures");
    assert_eq!(story.verdicts(), [(0, Status::Pass)]);
    assert!(!story.session.has_host());
}

#[test]
fn a_server_that_is_told_to_stop_is_no_failure() {
    let case = host_case("a");
    let cases = [&case];
    let mut story = Story::new(&cases);
    story.hello().begin(0).event(Event::Ready(0));
    assert!(story.session.wants_host().is_some());
    story.host(Some(0), "good").end(0, How::Served);
    assert_eq!(story.verdicts(), [(0, Status::Pass)]);
}

#[test]
fn a_failing_client_and_a_dying_server() {
    let case = host_case("a");
    let cases = [&case];
    for (code, text, how, status) in [
        (Some(1), "refused", How::Served, Status::Fail),
        (None, "", How::Timeout, Status::Timeout),
        (Some(0), "good", How::Signal(11), Status::Fail),
    ] {
        let mut story = Story::new(&cases);
        story.hello().begin(0).event(Event::Ready(0));
        assert!(story.session.wants_host().is_some());
        story.host(code, text).end(0, how);
        assert_eq!(story.verdicts(), [(0, status)], "{text}");
    }
}

#[test]
fn a_client_that_outlives_its_server_is_not_waited_for() {
    let case = host_case("a");
    let cases = [&case];
    let mut story = Story::new(&cases);
    story.hello().begin(0).event(Event::Ready(0));
    assert!(story.session.wants_host().is_some());
    story.end(0, How::Exit(0));
    assert_eq!(story.after(10), None);
    assert_eq!(story.verdicts(), [(0, Status::Fail)]);
}

#[test]
fn a_server_that_never_listened() {
    let case = host_case("a");
    let cases = [&case];
    let mut story = Story::new(&cases);
    story.hello().begin(0).end(0, How::Exit(1));
    assert_eq!(story.verdicts(), [(0, Status::Fail)]);
}

#[test]
fn a_guest_that_stays_on_after_bye() {
    let (case, off) = (guest_case("a"), edge(Work::PowerOff));
    let cases = [&case, &off];
    let mut story = Story::new(&cases);
    story
        .hello()
        .begin(0)
        .end(0, How::Exit(0))
        .event(Event::Bye);
    assert_eq!(story.after(19), None);
    assert_eq!(story.after(1), Some(Over::Complete));
    assert_eq!(story.verdicts(), [(0, Status::Pass), (1, Status::Crash)]);
}

#[test]
fn a_cut_run_leaves_the_running_case_missing() {
    let case = guest_case("a");
    let cases = [&case];
    let mut story = Story::new(&cases);
    story.hello().begin(0);
    let now = story.now;
    let over = story
        .session
        .cut(Exit::Interrupted, now, &mut |news| story.told.push(news));
    assert_eq!(
        (over, story.verdicts()),
        (Over::Cut, vec![(0, Status::Missing)])
    );
}
