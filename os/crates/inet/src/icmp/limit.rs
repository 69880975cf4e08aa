//! How many ICMP messages this host sends: RFC 1812 section 4.3.2.8, RFC 4443 section 2.4 (f), and Linux's
//! Documentation/networking/ip-sysctl (icmp_ratelimit, icmp_ratemask, icmp_msgs_per_sec, icmp_msgs_burst).
//!
//! **What.** Two buckets a message has to pass: one for all destinations together, one for each destination. What the first
//! gives is taken in random amounts, so that nobody can count messages to find out what this host answered to others
//! (CVE-2020-25705). **Who calls.** `complain` and `echo` in [`super`]. **Who owns.** [`Stack`]; the sizes are `Config`'s.

use alloc::collections::BTreeMap;
use core::net::IpAddr;
use core::time::Duration;

use super::PACKET_TOO_BIG;
use crate::ip::Rx;
use crate::stack::Stack;
use crate::time::Instant;

/// net.ipv4.icmp_* and net.ipv6.icmp.*.
#[derive(Clone, Copy, Debug)]
pub struct IcmpConfig {
    /// icmp_msgs_per_sec: permissions that the common bucket gains in a second.
    pub per_second: u32,
    /// icmp_msgs_burst: permissions that it holds at most.
    pub burst: u32,
    /// icmp_ratelimit and icmp/ratelimit: a destination gains a permission in this time; none is no limit.
    pub interval: [Duration; 2],
    /// icmp_ratemask: the ICMP types that are limited.
    pub mask: u32,
    /// icmp/ratemask: the ICMPv6 types that are limited, as far as they are errors.
    pub mask6: [u64; 4],
    /// icmp_echo_ignore_all and icmp/echo_ignore_all.
    pub ignore_echo: [bool; 2],
    /// icmp_echo_ignore_broadcasts and icmp/echo_ignore_multicast.
    pub ignore_group_echo: [bool; 2],
}

impl Default for IcmpConfig {
    fn default() -> IcmpConfig {
        IcmpConfig {
            per_second: 10_000,
            burst: 10_000,
            interval: [Duration::from_secs(1), Duration::from_millis(100)],
            // Destination unreachable, source quench, time exceeded, parameter problem.
            mask: 0x1818,
            // All but "packet too big": path MTU discovery must not starve.
            mask6: [!(1 << PACKET_TOO_BIG), !0, 0, 0],
            ignore_echo: [false; 2],
            ignore_group_echo: [true, false],
        }
    }
}

impl IcmpConfig {
    /// Whether messages of that type and code are limited.
    fn limits(&self, v6: bool, kind: u8, code: u8) -> bool {
        if v6 {
            // Informational messages never are.
            let named = self.mask6[usize::from(kind >> 6)] >> (kind & 63) & 1 != 0;
            return kind < 128 && kind != PACKET_TOO_BIG && named;
        }
        let too_big = (kind, code) == (super::UNREACHABLE[0], super::FRAGMENTATION_NEEDED);
        !too_big && kind <= LAST_TYPE && self.mask >> kind & 1 != 0
    }
}

/// The last ICMP type that the mask can name (NR_ICMP_TYPES).
const LAST_TYPE: u8 = 18;
/// The common bucket is looked after in steps of this length.
const STEP: Duration = Duration::from_millis(20);
const SECOND: Duration = Duration::from_secs(1);
/// So many messages may go to a destination in a row that had none for long (XRLIM_BURST_FACTOR).
const HOST_BURST: u32 = 6;
/// A destination that is new has gained for so long.
const LONG_AGO: Duration = Duration::from_secs(60);
/// Destinations remembered; beyond, those that have gained most are forgotten.
const HOSTS: usize = 1024;

/// The buckets.
#[derive(Default)]
pub(crate) struct ErrorBudget {
    /// When the common bucket last gained; never yet.
    gained: Option<Instant>,
    /// May fall below zero by one message.
    credit: i64,
    hosts: BTreeMap<IpAddr, Host>,
}

/// A destination's bucket: time gained and not spent.
struct Host {
    gained: Duration,
    last: Instant,
}

impl ErrorBudget {
    /// Whether the common bucket has something left.
    fn any_left(&mut self, now: Instant, config: &IcmpConfig) -> bool {
        if self.credit > 0 {
            return true;
        }
        let passed = self
            .gained
            .map_or(SECOND, |last| now.since(last).min(SECOND));
        if passed < STEP {
            return false;
        }
        let more = u64::from(config.per_second) * passed.as_micros() as u64 / 1_000_000;
        if more == 0 {
            return false;
        }
        self.gained = Some(now);
        self.credit = (self.credit + more as i64).min(config.burst.into());
        true
    }

    /// Takes a permission for a destination.
    fn take(&mut self, now: Instant, to: IpAddr, interval: Duration) -> bool {
        let most = interval * HOST_BURST;
        if !self.hosts.contains_key(&to) && self.hosts.len() >= HOSTS {
            self.forget(now, most);
        }
        let host = self.hosts.entry(to).or_insert(Host {
            gained: LONG_AGO,
            last: now,
        });
        host.gained = (host.gained + now.since(host.last)).min(most);
        host.last = now;
        match host.gained.checked_sub(interval) {
            Some(rest) => {
                host.gained = rest;
                true
            }
            None => false,
        }
    }

    /// Makes room: what is full again says nothing; where nothing is, the one not heard of for longest goes.
    fn forget(&mut self, now: Instant, most: Duration) {
        self.hosts
            .retain(|_, host| host.gained + now.since(host.last) < most);
        if self.hosts.len() >= HOSTS
            && let Some(oldest) = self.hosts.iter().min_by_key(|(_, host)| host.last)
        {
            let oldest = *oldest.0;
            self.hosts.remove(&oldest);
        }
    }
}

impl Stack {
    /// Whether a message of that type and code may be sent about the packet at `rx`; counts it. Nothing is limited that came
    /// by lo, nor what goes to an address of this host for its own sake.
    pub(super) fn icmp_allowed(&mut self, rx: Rx, to: IpAddr, kind: u8, code: u8) -> bool {
        let v = usize::from(to.is_ipv6());
        let config = &self.config.icmp;
        if !config.limits(v == 1, kind, code)
            || self.iface(rx.iface).is_ok_and(|slot| slot.is_loopback())
        {
            return true;
        }
        if !self.icmp_budget.any_left(rx.now, config) {
            self.counters.icmp[v].out_limited_global += 1;
            return false;
        }
        let interval = config.interval[v];
        if !self.is_local(to) && !self.icmp_budget.take(rx.now, to, interval) {
            self.counters.icmp[v].out_limited_host += 1;
            return false;
        }
        self.icmp_budget.credit -= i64::from(self.rng.below(3));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::Ipv4Addr;

    fn at(millis: u64) -> Instant {
        Instant::ZERO + Duration::from_millis(millis)
    }

    fn host(last: u8) -> IpAddr {
        Ipv4Addr::new(10, 0, 0, last).into()
    }

    #[test]
    fn a_destination_gets_six_and_then_one_a_second() {
        let mut budget = ErrorBudget::default();
        let mut sent = |millis, to| budget.take(at(millis), host(to), SECOND);
        assert_eq!((0..10).filter(|_| sent(5, 1)).count(), 6);
        assert!(sent(5, 2), "another destination has its own");
        assert!(!sent(900, 1));
        assert!(sent(1005, 1));
        assert!(!sent(1500, 1));
        assert_eq!((0..10).filter(|_| sent(60_000, 1)).count(), 6);
    }

    #[test]
    fn no_interval_is_no_limit_and_the_table_stays_small() {
        let mut budget = ErrorBudget::default();
        assert!((0..100).all(|_| budget.take(at(0), host(1), Duration::ZERO)));
        for number in 0..3 * HOSTS as u32 {
            assert!(budget.take(at(0), Ipv4Addr::from_bits(number).into(), SECOND));
        }
        assert_eq!(budget.hosts.len(), HOSTS);
    }

    #[test]
    fn the_common_bucket_fills_in_steps_up_to_the_burst() {
        let mut budget = ErrorBudget::default();
        let config = IcmpConfig {
            burst: 50,
            per_second: 1000,
            ..IcmpConfig::default()
        };
        assert!(budget.any_left(at(0), &config));
        assert_eq!(budget.credit, 50);
        budget.credit = -1;
        assert!(!budget.any_left(at(10), &config));
        assert!(budget.any_left(at(30), &config));
        assert_eq!(budget.credit, 29);
    }

    #[test]
    fn which_types_are_limited() {
        let config = IcmpConfig::default();
        assert!(config.limits(false, 3, 3) && config.limits(true, 1, 4));
        assert!(!config.limits(false, 3, 4) && !config.limits(true, 2, 0));
        assert!(!config.limits(false, 0, 0) && !config.limits(true, 129, 0));
    }
}
