# What every interface has for itself in /proc/sys/net, with its effect: near (a) router (b) far, three namespaces on
# two pairs of cables. Linux's ip-sysctl, arp(7), sysctl(8).
v4=/proc/sys/net/ipv4 v6=/proc/sys/net/ipv6
on() { ip netns exec "$@"; }
for ns in near router far; do ip netns add $ns; ip -n $ns link set lo up; done
ip link add a0 netns near type veth peer name a1 netns router
ip link add b0 netns far type veth peer name b1 netns router
run "ip netns exec router ls $v4/conf"
says 'a directory for each interface' '^a1$'
says 'one for all' '^all$'
says 'one for those to come' '^default$'
run "ip netns exec router ls $v4/neigh"
says 'for neighbours too' '^a1$'
lacks 'but not for all' '^all$'
ip -n near addr add 10.9.1.2/24 dev a0; ip -n near link set a0 up; ip -n near route add default via 10.9.1.1 2>/dev/null
ip -n router addr add 10.9.1.1/24 dev a1; ip -n router link set a1 up
ip -n router addr add 10.9.2.1/24 dev b1; ip -n router link set b1 up
ip -n far addr add 10.9.2.2/24 dev b0; ip -n far link set b0 up; ip -n far route add default via 10.9.2.1
ping_far='ip netns exec near ping -c 1 -W 2 10.9.2.2'

echo '# forwarding: all writes everybody, one is one'
run "on router sh -c 'echo 1 > $v4/ip_forward; cat $v4/conf/all/forwarding $v4/conf/default/forwarding $v4/conf/a1/forwarding'"
lacks 'all of them' '^0$'
run "$ping_far"
says 'packets pass' ' 1 received'
run "on router sh -c 'echo 0 > $v4/conf/a1/forwarding; cat $v4/ip_forward $v4/conf/b1/forwarding'"
lacks 'the others are as they were' '^0$'
run "$ping_far"
says 'not from this card' ' 0 received'
run "on router sh -c 'echo 1 > $v4/conf/a1/forwarding'"
run "$ping_far"
says 'and again' ' 1 received'

echo '# rp_filter: where a source does not lead back to, it does not come from'
ip -n near addr add 10.9.3.3/32 dev lo
run 'ip netns exec near ping -c 1 -W 2 -I 10.9.3.3 10.9.1.1'
says 'a source without a way back gets no answer' ' 0 received'
ip -n router route add 10.9.3.3 via 10.9.2.2
start ask 'ip netns exec router nc -u -l -p 7000'
until_true 'ip netns exec router ss -Hlun | grep -q 7000'
run "echo before | on near nc -u -w 1 -s 10.9.3.3 10.9.1.1 7000; cat /tmp/ask.log"
says 'not filtered, it comes in' 'before'
kill $pid
run "on router sh -c 'echo 1 > $v4/conf/a1/rp_filter'"
start ask 'ip netns exec router nc -u -l -p 7001'
until_true 'ip netns exec router ss -Hlun | grep -q 7001'
run "echo strict | on near nc -u -w 1 -s 10.9.3.3 10.9.1.1 7001; cat /tmp/ask.log"
lacks 'strictly, it does not' 'strict'
run "on router sh -c 'echo 2 > $v4/conf/a1/rp_filter'"
run "echo loose | on near nc -u -w 1 -s 10.9.3.3 10.9.1.1 7001; cat /tmp/ask.log"
says 'loosely, any way back will do' 'loose'
kill $pid
run "on router sh -c 'echo 0 > $v4/conf/a1/rp_filter'; ip -n router route del 10.9.3.3"

echo '# arp_ignore, proxy_arp: who answers for whom'
ip -n near neigh flush dev a0
run 'ip -n near route del default; ip -n near route add 10.9.2.0/24 dev a0'
run 'ip netns exec near ping -c 1 -W 2 10.9.2.1'
says 'asked by any card, a host answers for all its addresses' ' 1 received'
ip -n near neigh flush dev a0
run "on router sh -c 'echo 1 > $v4/conf/a1/arp_ignore'"
run 'ip netns exec near ping -c 1 -W 2 10.9.2.1'
says 'or for those of the card' ' 0 received'
run "on router sh -c 'echo 0 > $v4/conf/all/arp_ignore; echo 0 > $v4/conf/a1/arp_ignore'"
run "$ping_far"
says 'nobody answers for another host' ' 0 received'
ip -n near neigh flush dev a0
run "on router sh -c 'echo 1 > $v4/conf/a1/proxy_arp'"
run "$ping_far"
says 'but a proxy' ' 1 received'
run "on router sh -c 'echo 0 > $v4/conf/a1/proxy_arp'"

echo '# neigh: how often and how long is asked'
run "on near ls $v4/neigh; ls -d $v4/neigh/*"
lacks 'the first namespace alone has values of those to come' '^default$'
says 'which it has' 'neigh/default$'
run "on near sh -c 'echo 1 > $v4/neigh/a0/mcast_solicit; echo 200 > $v4/neigh/a0/retrans_time_ms'"
left 'one question, 200 ms' 0
run 'ip netns exec near ping -c 1 -W 1 10.9.1.77; ip -n near neigh show 10.9.1.77'
says 'one question in 200 ms, and it is not there' 'FAILED'
run "on near sh -c 'cat $v4/neigh/a0/base_reachable_time; echo 5000 > $v4/neigh/a0/base_reachable_time_ms; cat $v4/neigh/a0/base_reachable_time'"
says 'two files of one value' '^30$'
says 'in seconds and a thousandth of it' '^5$'

echo '# IPv6'
ip -n near addr add fd09:1::2/64 dev a0 nodad; ip -n router addr add fd09:1::1/64 dev a1 nodad
run 'ip netns exec near ping -6 -c 1 -W 3 fd09:1::1'
says 'it is there' ' 1 received'
run "on near sh -c 'cat $v6/conf/a0/mtu; echo 1300 > $v6/conf/a0/mtu; cat $v6/conf/a0/mtu'"
says 'the MTU of the link' '^1500$'
says 'is not that of IPv6' '^1300$'
run 'ip netns exec near ping -6 -M do -s 1400 -c 1 -W 2 fd09:1::1'
says 'which counts' 'message too long|Message too long'
run "on near sh -c 'echo 1279 > $v6/conf/a0/mtu'"
left 'less is none' 1
run "on near sh -c 'echo 1501 > $v6/conf/a0/mtu'"
left 'nor is more than the link has' 1
run "on near sh -c 'echo 1 > $v6/conf/a0/disable_ipv6'; ip -n near -6 addr show dev a0"
lacks 'without IPv6 there is no address' 'inet6'
run 'ip -n near addr add fd09:1::3/64 dev a0'
left 'and none can be had' 2
run 'ip -n near -6 route show dev a0'
lacks 'nor a route' 'fd09'
run "on near sh -c 'echo 0 > $v6/conf/a0/disable_ipv6'; ip -n near -6 addr show dev a0"
says 'then again the one of the link' 'inet6 fe80::'
run "on near sh -c 'echo 1 > $v6/conf/all/disable_ipv6; cat $v6/conf/a0/disable_ipv6 $v6/conf/default/disable_ipv6 $v6/conf/lo/disable_ipv6'"
lacks 'all of them' '^0$'
run "on router sh -c 'echo 1 > $v6/conf/all/forwarding; cat $v6/conf/a1/forwarding $v6/conf/default/forwarding'"
lacks 'forwarding, too' '^0$'

echo '# default: what interfaces begin with'
run "on near sh -c 'echo 1 > $v4/conf/default/rp_filter; cat $v4/conf/a0/rp_filter'"
says 'those that are there stay' '^0$'
run "ip -n near link add c0 type veth peer name c1; on near cat $v4/conf/c0/rp_filter"
says 'new ones take it' '^1$'
run "on near sh -c 'echo x > $v4/conf/c0/rp_filter'"
left 'a number is a number' 1
run 'ip -n near link set c0 name d0; ip netns exec near ls /proc/sys/net/ipv4/conf'
says 'a name that changes' '^d0$'
lacks 'is another directory' '^c0$'
run 'ip netns del near; ip netns del router; ip netns del far'
left 'all of it goes' 0
