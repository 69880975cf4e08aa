//! TCP as a ladder diagram: a hand-made peer at 10.0.0.2 against a host at 10.0.0.1, one segment per rung.

use core::time::Duration;
use std::vec;
use std::vec::Vec;

use super::net::*;
use crate::checksum::Sum;
use crate::ip::header::HeaderFields;
use crate::tcp::segment::{ACK, FIN, RST, SYN};
use crate::*;

const PSH: u8 = 8;

/// The peer's end: its sequence numbers, by hand.
struct Peer {
    host: Host,
    port: u16,
    host_port: u16,
    seq: u32,
    ack: u32,
    window: u16,
    listener: Option<TcpId>,
}

/// What the host said.
#[derive(Debug, PartialEq)]
struct Said {
    flags: u8,
    seq: u32,
    ack: u32,
    window: u16,
    data: Vec<u8>,
}

impl Peer {
    fn new() -> Peer {
        let mut host = Host::new(1);
        host.stack
            .add_neighbour(host.now, host.nic, v4(10, 0, 0, 2), [2, 0, 0, 0, 0, 2])
            .unwrap();
        Peer {
            host,
            port: 4000,
            host_port: 80,
            seq: 1000,
            ack: 0,
            window: 60_000,
            listener: None,
        }
    }

    fn transmit(&mut self, flags: u8, seq: u32, ack: u32, data: &[u8]) {
        let mut packet = vec![0; 40];
        packet[20..22].copy_from_slice(&self.port.to_be_bytes());
        packet[22..24].copy_from_slice(&self.host_port.to_be_bytes());
        packet[24..28].copy_from_slice(&seq.to_be_bytes());
        packet[28..32].copy_from_slice(&ack.to_be_bytes());
        packet[32] = 0x50;
        packet[33] = flags;
        packet[34..36].copy_from_slice(&self.window.to_be_bytes());
        packet.extend(data);
        let (src, dst) = (v4(10, 0, 0, 2), v4(10, 0, 0, 1));
        let sum = Sum::pseudo(src, dst, 6, packet.len() - 20)
            .bytes(&packet[20..])
            .finish();
        packet[36..38].copy_from_slice(&sum);
        let fields = HeaderFields {
            src,
            dst,
            protocol: 6,
            ttl: 64,
            tos: 0,
            id: 0,
            dont_fragment: true,
        };
        fields.write(&mut packet);
        let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
        frame.extend(packet);
        self.host
            .stack
            .ingress(self.host.now, self.host.nic, &frame);
        self.host.flush();
    }

    /// Sends the next segment in order.
    fn send(&mut self, flags: u8, data: &[u8]) {
        let ack = if flags & ACK != 0 { self.ack } else { 0 };
        self.transmit(flags, self.seq, ack, data);
        let extra = u32::from(flags & (SYN | FIN) != 0);
        self.seq = self.seq.wrapping_add(data.len() as u32 + extra);
    }

    /// Everything that the host said since.
    fn hear(&mut self) -> Vec<Said> {
        let frames = self.host.frames();
        let segments = frames
            .iter()
            .filter(|frame| frame[12..14] == [8, 0] && frame[23] == 6);
        segments
            .map(|frame| {
                let end = 14 + usize::from(u16::from_be_bytes([frame[16], frame[17]]));
                let tcp = &frame[34..end];
                let word = |at: usize| {
                    u32::from_be_bytes([tcp[at], tcp[at + 1], tcp[at + 2], tcp[at + 3]])
                };
                Said {
                    flags: tcp[13],
                    seq: word(4),
                    ack: word(8),
                    window: u16::from_be_bytes([tcp[14], tcp[15]]),
                    data: tcp[usize::from(tcp[12] >> 4) * 4..].to_vec(),
                }
            })
            .collect()
    }

    /// The one segment that the host said, taken into account.
    fn recv(&mut self, flags: u8) -> Said {
        let mut said = self.hear();
        assert_eq!(said.len(), 1, "{said:?}");
        let said = said.remove(0);
        assert_eq!(said.flags & !PSH, flags, "{said:?}");
        if flags & RST == 0 {
            self.ack = said
                .seq
                .wrapping_add(said.data.len() as u32 + u32::from(flags & (SYN | FIN) != 0));
        }
        said
    }

    fn silence(&mut self) {
        assert_eq!(self.hear(), []);
    }

    fn wait(&mut self, millis: u64) {
        self.host.wait(Duration::from_millis(millis));
    }
}

macro_rules! send {
    ($peer:ident, $flags:expr) => {
        $peer.send($flags, b"")
    };
    ($peer:ident, $flags:expr, $data:expr) => {
        $peer.send($flags, $data)
    };
}

macro_rules! recv {
    ($peer:ident, $flags:expr) => {
        $peer.recv($flags)
    };
    ($peer:ident, $flags:expr, $data:expr) => {
        assert_eq!($peer.recv($flags).data, $data)
    };
    ($peer:ident) => {
        $peer.silence()
    };
}

/// A listener, and a connection that the peer opened and the host accepted.
fn passive() -> (Peer, TcpId) {
    let mut peer = Peer::new();
    let listener = peer.host.listen(Endpoint::v4([0, 0, 0, 0], 80), 1);
    send!(peer, SYN);
    recv!(peer, SYN | ACK);
    send!(peer, ACK);
    recv!(peer);
    let id = peer.host.accept(listener).unwrap();
    peer.listener = Some(listener);
    (peer, id)
}

#[test]
fn passive_open_exchange_and_passive_close() {
    let (mut peer, id) = passive();
    // The first segments are acknowledged at once, so that nobody's Nagle waits.
    for _ in 0..16 {
        send!(peer, ACK | PSH, b"question");
        recv!(peer, ACK);
        assert_eq!(peer.host.recv(id).unwrap(), b"question");
    }
    send!(peer, ACK | PSH, b"question");
    assert_eq!(peer.host.recv(id).unwrap(), b"question");
    peer.host.send(id, b"answer").unwrap();
    // Later the acknowledgement rides on the answer.
    recv!(peer, ACK, b"answer");
    send!(peer, ACK);
    send!(peer, FIN | ACK);
    peer.wait(20);
    recv!(peer, ACK);
    assert_eq!(peer.host.state(id), TcpState::CloseWait);
    peer.host.close(id);
    recv!(peer, FIN | ACK);
    send!(peer, ACK);
    recv!(peer);
    assert_eq!(peer.host.stack.tcp_ready(id), Ready::NONE);
}

#[test]
fn active_open_and_active_close_through_time_wait() {
    let mut peer = Peer::new();
    let id = peer.host.connect(Endpoint::v4([10, 0, 0, 2], 4000));
    peer.host_port = peer.host.stack.tcp_local(id).port;
    recv!(peer, SYN);
    assert_eq!(peer.host.state(id), TcpState::SynSent);
    send!(peer, SYN | ACK);
    recv!(peer, ACK);
    assert_eq!(peer.host.state(id), TcpState::Established);
    peer.host.close(id);
    recv!(peer, FIN | ACK);
    send!(peer, ACK);
    send!(peer, FIN | ACK);
    recv!(peer, ACK);
    // The last ACK was lost: the FIN comes again.
    peer.seq -= 1;
    send!(peer, FIN | ACK);
    recv!(peer, ACK);
    peer.wait(61_000);
    send!(peer, FIN | ACK);
    recv!(peer, RST);
}

#[test]
fn simultaneous_close() {
    let (mut peer, id) = passive();
    peer.host.shutdown(id, Shutdown::Write).unwrap();
    let fin = peer.hear().remove(0);
    assert_eq!(fin.flags & !PSH, FIN | ACK);
    // The peer's FIN crosses ours.
    send!(peer, FIN | ACK);
    peer.ack = fin.seq + 1;
    peer.wait(20);
    peer.hear();
    assert_eq!(peer.host.state(id), TcpState::Closing);
    send!(peer, ACK);
    assert_eq!(peer.host.recv(id).unwrap(), b"");
    let mut states = Vec::new();
    peer.host.stack.tcp_rows(|row| states.push(row.state));
    assert!(states.contains(&TcpState::TimeWait), "{states:?}");
}

#[test]
fn a_closed_port_answers_with_reset() {
    let mut peer = Peer::new();
    send!(peer, SYN);
    let reset = recv!(peer, RST | ACK);
    assert_eq!((reset.seq, reset.ack), (0, 1001));
    peer.ack = 77;
    send!(peer, ACK, b"data");
    assert_eq!(recv!(peer, RST).seq, 77);
    send!(peer, RST);
    recv!(peer);
}

#[test]
fn a_listener_answers_an_ack_with_reset_and_ignores_a_reset() {
    let mut peer = Peer::new();
    peer.host.listen(Endpoint::v4([0, 0, 0, 0], 80), 1);
    peer.ack = 55;
    send!(peer, ACK);
    assert_eq!(recv!(peer, RST).seq, 55);
    send!(peer, RST);
    recv!(peer);
    send!(peer, FIN);
    recv!(peer);
}

#[test]
fn a_full_backlog_drops_the_syn() {
    let mut peer = Peer::new();
    peer.host.listen(Endpoint::v4([0, 0, 0, 0], 80), 0);
    send!(peer, SYN);
    recv!(peer, SYN | ACK);
    send!(peer, ACK);
    recv!(peer);
    peer.port += 1;
    send!(peer, SYN);
    recv!(peer);
    assert_eq!(peer.host.stack.counters().tcp.listen_overflows, 1);
}

#[test]
fn a_handshake_that_is_never_finished_goes_away() {
    let mut peer = Peer::new();
    let listener = peer.host.listen(Endpoint::v4([0, 0, 0, 0], 80), 1);
    send!(peer, SYN);
    recv!(peer, SYN | ACK);
    let mut again = Vec::new();
    for second in 1..=70 {
        peer.wait(1000);
        if !peer.hear().is_empty() {
            again.push(second);
        }
    }
    assert_eq!(again, [1, 3, 7, 15, 31]);
    let mut rows = 0;
    peer.host.stack.tcp_rows(|_| rows += 1);
    assert_eq!(rows, 1);
    assert_eq!(peer.host.accept(listener), Err(Error::WouldBlock));
}

#[test]
fn a_reset_in_syn_received_frees_the_place() {
    let mut peer = Peer::new();
    let listener = peer.host.listen(Endpoint::v4([0, 0, 0, 0], 80), 0);
    for _ in 0..5 {
        send!(peer, SYN);
        recv!(peer, SYN | ACK);
        send!(peer, RST);
        recv!(peer);
        peer.port += 1;
    }
    assert_eq!(peer.host.accept(listener), Err(Error::WouldBlock));
    let mut rows = 0;
    peer.host.stack.tcp_rows(|_| rows += 1);
    assert_eq!(rows, 1);
}

#[test]
fn a_refused_connection() {
    let mut peer = Peer::new();
    let id = peer.host.connect(Endpoint::v4([10, 0, 0, 2], 4000));
    peer.host_port = peer.host.stack.tcp_local(id).port;
    recv!(peer, SYN);
    send!(peer, RST | ACK);
    assert_eq!(peer.host.stack.tcp_take_error(id), Some(Error::Refused));
    assert_eq!(peer.host.state(id), TcpState::Closed);
}

#[test]
fn a_connection_attempt_times_out() {
    let mut peer = Peer::new();
    let id = peer.host.connect(Endpoint::v4([10, 0, 0, 2], 4000));
    recv!(peer, SYN);
    let mut again = Vec::new();
    for second in 1..=130 {
        peer.wait(1000);
        let said = peer.hear();
        assert!(said.iter().all(|said| said.flags == SYN));
        if !said.is_empty() {
            again.push(second);
        }
    }
    // As Linux with tcp_syn_linear_timeouts 4 and tcp_syn_retries 6.
    assert_eq!(again, [1, 2, 3, 4, 5, 7, 11, 19, 35, 67]);
    assert_eq!(peer.host.state(id), TcpState::SynSent);
    peer.wait(2_000);
    recv!(peer);
    assert_eq!(peer.host.stack.tcp_take_error(id), Some(Error::TimedOut));
}

#[test]
fn only_a_reset_inside_the_window_counts() {
    let (mut peer, id) = passive();
    let (seq, ack) = (peer.seq, peer.ack);
    peer.transmit(RST, seq.wrapping_sub(5), ack, b"");
    peer.transmit(RST, seq.wrapping_add(1 << 24), ack, b"");
    assert_eq!(peer.host.state(id), TcpState::Established);
    send!(peer, RST);
    assert_eq!(peer.host.state(id), TcpState::Closed);
    assert_eq!(peer.host.recv(id), Err(Error::Reset));
    assert_eq!(peer.host.recv(id).unwrap(), b"");
}

#[test]
fn data_after_close_is_answered_with_reset() {
    let (mut peer, id) = passive();
    peer.host.close(id);
    recv!(peer, FIN | ACK);
    send!(peer, ACK);
    send!(peer, ACK | PSH, b"too late");
    let said = peer.hear();
    assert!(said.iter().any(|said| said.flags & RST != 0), "{said:?}");
}

#[test]
fn a_new_syn_reopens_time_wait() {
    let (mut peer, id) = passive();
    let listener = peer.listener.unwrap();
    peer.host.close(id);
    recv!(peer, FIN | ACK);
    send!(peer, FIN | ACK);
    recv!(peer, ACK);
    peer.seq += 100_000;
    send!(peer, SYN);
    recv!(peer, SYN | ACK);
    send!(peer, ACK);
    assert!(peer.host.accept(listener).is_ok());
}

#[test]
fn a_closed_window_is_probed_and_reopens() {
    let (mut peer, id) = passive();
    peer.window = 0;
    send!(peer, ACK);
    peer.host.send(id, b"patience").unwrap();
    peer.hear();
    peer.wait(3_500);
    let probes = peer.hear();
    assert!((1..=5).contains(&probes.len()), "{probes:?}");
    assert!(probes.iter().all(|said| said.data.len() <= 1));
    peer.window = 60_000;
    send!(peer, ACK);
    peer.wait(1_500);
    let said: Vec<u8> = peer.hear().into_iter().flat_map(|said| said.data).collect();
    assert!(said.ends_with(b"atience"), "{said:?}");
}

#[test]
fn lost_data_is_sent_again_and_then_given_up() {
    let (mut peer, id) = passive();
    peer.host
        .stack
        .tcp_configure(id, |options| {
            options.user_timeout = Some(Duration::from_secs(10))
        })
        .unwrap();
    peer.host.send(id, b"hello").unwrap();
    recv!(peer, ACK, b"hello");
    peer.wait(190);
    recv!(peer);
    // The least timeout is 200 ms, not the second of RFC 6298.
    peer.wait(20);
    recv!(peer, ACK, b"hello");
    let info = peer.host.stack.tcp_info(peer.host.now, id).unwrap();
    assert_eq!((info.retransmits, info.total_retrans), (1, 1));
    peer.wait(10_000);
    assert_eq!(peer.host.stack.tcp_take_error(id), Some(Error::TimedOut));
    assert_eq!(peer.host.state(id), TcpState::Closed);
}

#[test]
fn out_of_order_data_waits_for_the_gap() {
    let (mut peer, id) = passive();
    let (seq, ack) = (peer.seq, peer.ack);
    peer.transmit(ACK, seq + 3, ack, b"def");
    assert_eq!(recv!(peer, ACK).ack, seq);
    assert_eq!(peer.host.recv(id), Err(Error::WouldBlock));
    peer.transmit(ACK, seq, ack, b"abc");
    assert_eq!(peer.host.recv(id).unwrap(), b"abcdef");
    assert_eq!(peer.hear().last().unwrap().ack, seq + 6);
}

#[test]
fn damaged_segments_are_dropped_and_counted() {
    let (mut peer, id) = passive();
    let mut tampered = Peer::new();
    std::mem::swap(&mut tampered.host, &mut peer.host);
    // A segment with a wrong checksum: the bytes of another one.
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
    let mut packet = vec![0; 41];
    packet[20..24].copy_from_slice(&[0x0f, 0xa0, 0, 80]);
    packet[32] = 0x50;
    packet[33] = ACK;
    let fields = HeaderFields {
        src: v4(10, 0, 0, 2),
        dst: v4(10, 0, 0, 1),
        protocol: 6,
        ttl: 64,
        tos: 0,
        id: 0,
        dont_fragment: true,
    };
    fields.write(&mut packet);
    frame.extend(packet);
    let host = &mut tampered.host;
    host.stack.ingress(host.now, host.nic, &frame);
    assert_eq!(host.stack.counters().tcp.in_checksum_errors, 1);
    assert_eq!(host.state(id), TcpState::Established);
}

#[test]
fn tos_and_ttl_are_on_the_wire() {
    let (mut peer, id) = passive();
    peer.host
        .stack
        .tcp_configure(id, |options| {
            options.common.tos = 0x10;
            options.common.ttl = Some(9);
        })
        .unwrap();
    peer.host.send(id, b"x").unwrap();
    let frame = peer.host.frames().remove(0);
    assert_eq!((frame[15], frame[22]), (0x10, 9));
    assert!(Sum::default().bytes(&frame[14..34]).is_valid());
}

#[test]
fn the_announced_segment_size_can_be_set() {
    let mut peer = Peer::new();
    let id = peer.host.tcp();
    peer.host
        .stack
        .tcp_configure(id, |options| options.max_segment = Some(1000))
        .unwrap();
    peer.host
        .stack
        .tcp_connect(peer.host.now, id, Endpoint::v4([10, 0, 0, 2], 4000))
        .unwrap();
    peer.host.flush();
    let frame = peer.host.frames().remove(0);
    assert_eq!(frame[54..58], [2, 4, 0x03, 0xe8]);
}

#[test]
fn repetitions_come_half_as_often_each_time() {
    let (mut peer, id) = passive();
    peer.host.send(id, b"hello").unwrap();
    recv!(peer, ACK, b"hello");
    let mut again = Vec::new();
    for step in 1..=70 {
        peer.wait(100);
        if !peer.hear().is_empty() {
            again.push(step);
        }
    }
    assert_eq!(again, [3, 7, 15, 31, 63]);
    let info = peer.host.stack.tcp_info(peer.host.now, id).unwrap();
    assert_eq!((info.retransmits, info.total_retrans), (5, 5));
    // An acknowledgement ends it, and what follows starts from the beginning.
    peer.seq = peer.seq.wrapping_sub(0);
    send!(peer, ACK);
    peer.host.send(id, b"again").unwrap();
    recv!(peer, ACK, b"again");
    peer.wait(300);
    recv!(peer, ACK, b"again");
}

#[test]
fn a_window_that_stays_shut_ends_by_the_user_timeout() {
    let (mut peer, id) = passive();
    peer.host
        .stack
        .tcp_configure(id, |options| {
            options.user_timeout = Some(Duration::from_secs(5))
        })
        .unwrap();
    peer.window = 0;
    send!(peer, ACK);
    peer.host.send(id, b"patience").unwrap();
    for _ in 0..60 {
        peer.wait(100);
        if !peer.hear().is_empty() {
            // Every probe is answered.
            let (seq, ack) = (peer.seq, peer.ack);
            peer.transmit(ACK, seq, ack, b"");
        }
    }
    assert_eq!(peer.host.stack.tcp_take_error(id), Some(Error::TimedOut));
}

#[test]
fn an_orphan_waits_for_the_fin_as_long_as_linger2_says() {
    let (mut peer, id) = passive();
    peer.host
        .stack
        .tcp_configure(id, |options| {
            options.fin_wait2 = Some(Duration::from_secs(3))
        })
        .unwrap();
    peer.host.close(id);
    recv!(peer, FIN | ACK);
    send!(peer, ACK);
    peer.wait(2_900);
    let mut states = Vec::new();
    peer.host.stack.tcp_rows(|row| states.push(row.state));
    assert!(states.contains(&TcpState::FinWait2), "{states:?}");
    peer.wait(200);
    send!(peer, FIN | ACK);
    recv!(peer, RST);
}

#[test]
fn an_orphan_that_may_not_wait_is_reset() {
    let (mut peer, id) = passive();
    peer.host
        .stack
        .tcp_configure(id, |options| options.fin_wait2 = None)
        .unwrap();
    peer.host.close(id);
    recv!(peer, FIN | ACK);
    send!(peer, ACK);
    let said = peer.hear();
    assert!(said.iter().any(|said| said.flags & RST != 0), "{said:?}");
}

#[test]
fn one_orphan_too_many_is_reset() {
    let (mut peer, id) = passive();
    peer.host.stack.configure(|config| config.max_orphans = 0);
    peer.host.close(id);
    assert!(peer.hear().iter().any(|said| said.flags & RST != 0));
}

#[test]
fn a_listener_survives_a_flood_of_syns() {
    let mut peer = Peer::new();
    let listener = peer.host.listen(Endpoint::v4([0, 0, 0, 0], 80), 5);
    peer.host
        .stack
        .configure(|config| (config.max_half_open, config.syn_cookies) = (20, 0));
    for port in 10_000..11_000 {
        peer.port = port;
        peer.transmit(SYN, 1000, 0, b"");
    }
    peer.hear();
    let mut half_open = 0;
    peer.host
        .stack
        .tcp_rows(|row| half_open += usize::from(row.state == TcpState::SynReceived));
    assert_eq!(half_open, 20);
    // Somebody who means it gets through meanwhile.
    peer.port = 4000;
    send!(peer, SYN);
    recv!(peer, SYN | ACK);
    for port in 20_000..20_010 {
        peer.port = port;
        peer.transmit(SYN, 1000, 0, b"");
    }
    peer.hear();
    peer.port = 4000;
    send!(peer, ACK);
    assert!(peer.host.accept(listener).is_ok());
}

#[test]
fn a_connection_that_finds_the_queue_full_is_reset_on_demand() {
    let mut peer = Peer::new();
    peer.host.stack.configure(|config| config.syn_cookies = 0);
    peer.host.listen(Endpoint::v4([0, 0, 0, 0], 80), 0);
    let mut both = Vec::new();
    for port in [4000, 4001] {
        (peer.port, peer.seq) = (port, 1000);
        send!(peer, SYN);
        recv!(peer, SYN | ACK);
        both.push((port, peer.seq, peer.ack));
    }
    (peer.port, peer.seq, peer.ack) = both[0];
    send!(peer, ACK);
    recv!(peer);
    (peer.port, peer.seq, peer.ack) = both[1];
    send!(peer, ACK);
    recv!(peer);
    peer.host
        .stack
        .configure(|config| config.abort_on_overflow = true);
    send!(peer, ACK);
    assert!(peer.hear().iter().any(|said| said.flags & RST != 0));
}

#[test]
fn urgent_data_on_the_wire() {
    let (mut peer, id) = passive();
    peer.host.send(id, b"a").unwrap();
    recv!(peer, ACK, b"a");
    assert_eq!(peer.host.stack.tcp_send(id, b"bc"), Ok(2));
    peer.host.stack.tcp_urge(id);
    peer.host.flush();
    let frames = peer.host.frames();
    let tcp = &frames[0][34..];
    // The pointer names the byte behind the urgent one, as BSD has it.
    assert_eq!((tcp[13] & 32, &tcp[18..20]), (32, &[0, 2][..]));
    assert!(
        Sum::pseudo(v4(10, 0, 0, 1), v4(10, 0, 0, 2), 6, tcp.len())
            .bytes(tcp)
            .is_valid()
    );
}
