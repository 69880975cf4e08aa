//! The serial line as the runner meets it: torn, doubled, mixed, flooded.

use super::*;
use protocol::record::{Payload, encode};

const NONCE: u32 = 0x1234_5678;

fn record(seq: u32, payload: &str) -> Vec<u8> {
    let mut bytes = Payload::new();
    bytes.push(payload.as_bytes());
    encode(NONCE, seq, &bytes).as_bytes().to_vec()
}

fn events(bytes: &[u8]) -> Vec<Event> {
    let mut decoder = Decoder::new(NONCE);
    let mut seen = Vec::new();
    decoder.feed(bytes, |event| seen.push(event));
    decoder.finish(|event| seen.push(event));
    seen
}

fn ended(code: i32) -> Ended {
    Ended {
        how: How::Exit(code),
        millis: 12,
    }
}

#[test]
fn a_whole_session_is_read() {
    let mut line = Vec::new();
    for (seq, payload) in [
        "hello 1",
        "begin 0",
        "out 0 a b\n",
        "ready 0",
        "end 0 exit 3 12",
        "bye",
    ]
    .iter()
    .enumerate()
    {
        line.extend(record(seq as u32, payload));
        line.extend(record(seq as u32, payload));
    }
    let want = [
        Event::Hello(1, 1),
        Event::Begin(0),
        Event::Output(0, b"a b\n".to_vec()),
        Event::Ready(0),
        Event::End(0, ended(3)),
        Event::Bye,
    ];
    assert_eq!(events(&line), want);
}

#[test]
fn one_torn_copy_does_no_harm() {
    let mut line = record(0, "begin 0");
    let torn = record(1, "end 0 exit 0 12");
    line.extend(&torn[..20]);
    line.extend(b"[   1.5] eth0: link up\n");
    line.extend(&torn);
    let seen = events(&line);
    assert!(matches!(&seen[1], Event::Torn(_)), "{seen:?}");
    assert_eq!(seen[2], Event::End(0, ended(0)));
}

#[test]
fn a_gap_is_reported() {
    let line = [record(0, "begin 0"), record(3, "end 0 exit 0 12")].concat();
    assert_eq!(
        events(&line)[1..],
        [Event::Lost(2), Event::End(0, ended(0))]
    );
}

#[test]
fn another_boots_records_are_text() {
    let mut bytes = Payload::new();
    bytes.push(b"end 0 exit 0 12");
    let line = encode(NONCE + 1, 0, &bytes);
    assert!(matches!(&events(line.as_bytes())[..], [Event::Text(_)]));
}

#[test]
fn numbers_wrap() {
    let line = [
        record(SEQ_MODULUS - 1, "begin 0"),
        record(0, "end 0 exit 0 12"),
    ]
    .concat();
    assert_eq!(events(&line).len(), 2);
}

#[test]
fn a_guest_without_newlines_does_not_grow_the_runner() {
    let mut decoder = Decoder::new(NONCE);
    let mut lines = 0;
    for _ in 0..1000 {
        decoder.feed(&[b'x'; 1000], |_| lines += 1);
    }
    assert!(decoder.line.len() <= LONGEST_LINE);
    assert_eq!(lines, 1_000_000 / LONGEST_LINE);
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    assert_eq!(
        events(b"\x1b[31mred\x07\r\n"),
        [Event::Text("[31mred".to_string())]
    );
}

#[test]
fn any_bytes_are_survived() {
    // A small generator with a fixed seed: the same bytes in each run.
    let mut state = 0x9e37_79b9_u32;
    let mut noise = Vec::new();
    for _ in 0..20_000 {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        noise.push(state as u8);
        if state.is_multiple_of(97) {
            noise.extend(&record(state, "begin 0")[..(state % 40) as usize]);
        }
    }
    for event in events(&noise) {
        assert!(
            matches!(event, Event::Text(_) | Event::Torn(_)),
            "{event:?}"
        );
    }
}
