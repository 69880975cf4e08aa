//! Tests that play the other side: another stack, a hand-made peer, or a bad network.

mod conf;
mod config;
mod extension;
mod fastopen;
mod filter;
mod forward;
mod group;
mod headers;
mod hostile;
mod icmp;
mod ladder;
mod local;
mod net;
mod options;
mod pcap;
mod rate;
mod share;
mod simulator;
mod syncookie;
mod tunnel;
mod wire;

/// lo with packets.
mod packets {
    mod lo {
        const FAST: bool = false;
        use crate::tests::net;
        include!("loopback.rs");
    }

    mod udp {
        const FAST: bool = false;
        use crate::tests::net;
        include!("udp.rs");
    }

    mod bind {
        const FAST: bool = false;
        use crate::tests::net;
        include!("bind.rs");
    }
}

/// lo with shared rings: the same tests.
mod rings {
    mod lo {
        const FAST: bool = true;
        use crate::tests::net;
        include!("loopback.rs");
    }

    mod udp {
        const FAST: bool = true;
        use crate::tests::net;
        include!("udp.rs");
    }

    mod bind {
        const FAST: bool = true;
        use crate::tests::net;
        include!("bind.rs");
    }
}
