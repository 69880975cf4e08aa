//! What is set for each interface by itself: net.ipv4.conf.*, net.ipv6.conf.* and net.*.neigh.* (Linux's
//! Documentation/networking/ip-sysctl).
//!
//! **What.** [`Conf`], of which there is one an interface, one for interfaces to come (`default`) and one (`all`)
//! that joins in where Linux says so: by "or" for switches, by the larger one for numbers.
//! **Who calls.** The shell reads and writes them by [`Stack::conf`] and [`Stack::set_conf`]; `ip`, `arp`, `ndp`,
//! `neighbour` and `iface` act on them. **Who owns.** The stack; no locks here.

use alloc::vec::Vec;
use core::net::{IpAddr, Ipv6Addr};
use core::time::Duration;

use crate::addr::Cidr;
use crate::error::{Error, Result};
use crate::iface::{AddressNote, Iface, IfaceId, IfaceKind};
use crate::stack::Stack;
use crate::time::Instant;

/// The values of an interface. A field is called as its file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conf {
    /// `conf`, IPv4.
    pub v4: Ipv4Conf,
    /// `conf`, IPv6.
    pub v6: Ipv6Conf,
    /// `neigh` of IPv4 and IPv6.
    pub neigh: [NeighConf; 2],
}

/// net.ipv4.conf.*.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ipv4Conf {
    /// Packets for others that come in here are passed on.
    pub forwarding: bool,
    /// The way back to a source is to lead here (1), or anywhere (2).
    pub rp_filter: u8,
    /// Which questions are answered: for any own address (0), one of this interface (1), from its network (2),
    /// none (8).
    pub arp_ignore: u8,
    /// Questions for hosts behind another interface are answered.
    pub proxy_arp: bool,
    /// Loopback addresses are addresses like others.
    pub route_localnet: bool,
    /// Speak this version of IGMP; 0 and 3 leave it to the routers that there are.
    pub force_igmp_version: u8,
    /// Reports of a change are so far apart at most, in IGMPv1 and v2 and in IGMPv3.
    pub igmp_unsolicited: (Duration, Duration),
}

/// net.ipv6.conf.*.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ipv6Conf {
    /// This is a router: advertisements of others do not count.
    pub forwarding: bool,
    /// There is no IPv6 here.
    pub disable: bool,
    /// Routers' advertisements are taken: never (0), by hosts (1), always (2).
    pub accept_ra: u8,
    /// Addresses are made of advertised prefixes.
    pub autoconf: bool,
    /// Largest packet in bytes; no more than the link's.
    pub mtu: usize,
    /// Speak this version of MLD; 0 leaves it to the routers that there are.
    pub force_mld_version: u8,
    /// Reports of a change are so far apart at most, in MLDv1 and MLDv2.
    pub mld_unsolicited: (Duration, Duration),
}

/// net.ipv4.neigh.*, net.ipv6.neigh.*.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NeighConf {
    /// So many questions to everybody, then the neighbour is not there.
    pub mcast_solicit: u8,
    /// So many questions to the neighbour itself, beside what is sent to it.
    pub ucast_solicit: u8,
    /// Between two questions.
    pub retrans_time: Duration,
    /// An answer is believed so long.
    pub base_reachable_time: Duration,
}

impl Default for NeighConf {
    /// RFC 4861 section 10: REACHABLE_TIME, RETRANS_TIMER, MAX_MULTICAST_SOLICIT, MAX_UNICAST_SOLICIT.
    fn default() -> Self {
        NeighConf {
            mcast_solicit: 3,
            ucast_solicit: 3,
            retrans_time: Duration::from_secs(1),
            base_reachable_time: Duration::from_secs(30),
        }
    }
}

/// RFC 2236 section 8.10, RFC 3376 section 8.11.
const UNSOLICITED: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(1));
/// IPv6's least MTU (RFC 8200 section 5).
const LEAST_MTU: usize = 1280;

impl Conf {
    /// Of a stack that forwards or does not.
    pub(crate) fn new(forward: [bool; 2]) -> Conf {
        Conf {
            v4: Ipv4Conf {
                forwarding: forward[0],
                rp_filter: 0,
                arp_ignore: 0,
                proxy_arp: false,
                route_localnet: false,
                force_igmp_version: 0,
                igmp_unsolicited: UNSOLICITED,
            },
            v6: Ipv6Conf {
                forwarding: forward[1],
                disable: false,
                accept_ra: 1,
                autoconf: true,
                mtu: LEAST_MTU,
                force_mld_version: 0,
                mld_unsolicited: UNSOLICITED,
            },
            neigh: [NeighConf::default(); 2],
        }
    }
}

/// Whose values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfOf {
    /// `all`.
    All,
    /// `default`: of interfaces to come.
    Default,
    /// One interface's.
    Iface(IfaceId),
}

impl Stack {
    /// The values. Errors: `NoDevice`.
    pub fn conf(&self, of: ConfOf) -> Result<Conf> {
        Ok(match of {
            ConfOf::All => self.conf_all,
            ConfOf::Default => self.conf_default,
            ConfOf::Iface(iface) => self.iface(iface)?.conf,
        })
    }

    /// Changes values, with what follows from it. `all` of forwarding and of disable_ipv6 is written to every interface
    /// and to `default`, as on Linux. Errors: `NoDevice`, `Invalid` (an MTU that IPv6 or the link has not).
    pub fn set_conf(&mut self, now: Instant, of: ConfOf, conf: Conf) -> Result<()> {
        let was = self.conf(of)?;
        match of {
            ConfOf::All => {
                self.conf_all = conf;
                self.config.forward = [conf.v4.forwarding, conf.v6.forwarding];
                self.forward_everywhere([was.v4.forwarding, was.v6.forwarding]);
                if was.v6.disable != conf.v6.disable {
                    self.conf_default.v6.disable = conf.v6.disable;
                    let all: Vec<_> = self.interfaces().map(|info| info.id).collect();
                    for iface in all {
                        self.disable_v6(now, iface, conf.v6.disable)?;
                    }
                }
            }
            ConfOf::Default => self.conf_default = conf,
            ConfOf::Iface(iface) => {
                let slot = self.iface_mut(iface)?;
                if conf.v6.mtu != was.v6.mtu && !(LEAST_MTU..=slot.info.mtu).contains(&conf.v6.mtu)
                {
                    return Err(Error::Invalid);
                }
                slot.conf = conf;
                slot.conf.v6.disable = was.v6.disable;
                slot.neighbours.conf = conf.neigh;
                self.disable_v6(now, iface, conf.v6.disable)?;
                self.routes_changed();
            }
        }
        Ok(())
    }

    /// `Config::forward` was `was`: where it changed, every interface and `default` follow.
    pub(crate) fn forward_everywhere(&mut self, was: [bool; 2]) {
        let new = self.config.forward;
        self.conf_all.v4.forwarding = new[0];
        self.conf_all.v6.forwarding = new[1];
        let confs = self.ifaces.iter_mut().map(|slot| &mut slot.conf);
        for conf in confs.chain([&mut self.conf_default]) {
            if new[0] != was[0] {
                conf.v4.forwarding = new[0];
            }
            if new[1] != was[1] {
                conf.v6.forwarding = new[1];
            }
        }
    }

    /// IPv6 ends on an interface: its addresses, routes and neighbours go. Or begins: what a link that comes up has.
    fn disable_v6(&mut self, now: Instant, iface: IfaceId, disable: bool) -> Result<()> {
        let slot = self.iface_mut(iface)?;
        if core::mem::replace(&mut slot.conf.v6.disable, disable) == disable {
            return Ok(());
        }
        if !disable {
            return match slot.info.up {
                true => self.begin_v6(now, iface),
                false => Ok(()),
            };
        }
        let addresses = slot.info.addresses.iter().map(|own| own.cidr.addr);
        let gone: Vec<IpAddr> = addresses.filter(IpAddr::is_ipv6).collect();
        for addr in gone {
            self.remove_address(iface, addr)?;
        }
        while self
            .take_route(|route| route.iface == iface && route.dst.addr.is_ipv6())
            .is_ok()
        {}
        let neighbours = self.neighbours().filter(|n| n.iface == iface);
        let gone: Vec<IpAddr> = neighbours.map(|n| n.addr).filter(IpAddr::is_ipv6).collect();
        for addr in gone {
            self.remove_neighbour(iface, addr)?;
        }
        Ok(())
    }

    /// The IPv6 addresses of a link that came up without any: ::1 on lo, fe80:: and the modified EUI-64 elsewhere.
    /// Nothing where there is no IPv6. Errors: `NoDevice`.
    pub(crate) fn begin_v6(&mut self, now: Instant, iface: IfaceId) -> Result<()> {
        let slot = self.iface(iface)?;
        let addresses = &slot.info.addresses;
        if slot.conf.v6.disable || addresses.iter().any(|own| own.cidr.addr.is_ipv6()) {
            return Ok(());
        }
        let (addr, prefix, protocol) = match slot.info.kind {
            IfaceKind::Loopback => (Ipv6Addr::LOCALHOST, 128, 1),
            IfaceKind::Ethernet { mac } => (crate::iface::link_local(mac), 64, 3),
            // Nothing to make it from: a random one (RFC 7217 in short).
            IfaceKind::Tunnel => {
                let host = self.rng.u64();
                (Ipv6Addr::from_bits(0xfe80 << 112 | u128::from(host)), 64, 3)
            }
        };
        let cidr = Cidr {
            addr: IpAddr::V6(addr),
            prefix,
        };
        let note = AddressNote {
            protocol,
            ..AddressNote::default()
        };
        self.add_address_as(now, iface, cidr, note)?;
        if protocol == 3 && self.takes_advertisements(iface) {
            self.ndp_ask_routers(now, iface);
        }
        Ok(())
    }

    /// Whether routers are believed on a link: hosts do, routers where they are told to.
    pub(crate) fn takes_advertisements(&self, iface: IfaceId) -> bool {
        self.iface(iface).is_ok_and(|slot| {
            let conf = &slot.conf.v6;
            !conf.disable && conf.accept_ra > u8::from(conf.forwarding)
        })
    }

    /// How strictly sources are looked at that come in by `slot`: 0, not on, lets everything pass.
    pub(crate) fn rp_filter(&self, slot: &Iface) -> u8 {
        slot.conf.v4.rp_filter.max(self.conf_all.v4.rp_filter)
    }

    /// Whether reverse-path filtering in a mode that is not 0 lets a packet pass (RFC 3704).
    pub(crate) fn has_way_back(&self, mode: u8, slot: &Iface, src: IpAddr, dst: IpAddr) -> bool {
        // A host that asks for its address has none yet.
        if !src.is_ipv4() || src.is_unspecified() || slot.is_loopback() {
            return true;
        }
        match self.transit_route(dst, src, slot.info.id) {
            Ok((back, _, _)) => mode != 1 || back == slot.info.id,
            Err(_) => false,
        }
    }

    /// Whether loopback addresses may come in by `slot`.
    pub(crate) fn routes_localnet(&self, slot: &Iface) -> bool {
        slot.conf.v4.route_localnet || self.conf_all.v4.route_localnet
    }
}
