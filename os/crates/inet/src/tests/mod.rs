//! Tests that play the other side: another stack, a hand-made peer, or a bad network.

mod bind;
mod hostile;
mod icmp;
mod ladder;
mod loopback;
mod net;
mod pcap;
mod simulator;
mod udp;
mod wire;
