# getent(1): glibc's resolver: files, and a name server that runs here.
run 'getent hosts localhost'
says 'a name from /etc/hosts' '^::1 +localhost'
run 'getent ahostsv4 sockeye'
says 'by IPv4' '^127.0.0.1 +STREAM'
run 'getent hosts 127.0.0.1'
says 'and the other way' '^127.0.0.1 +localhost'
run 'getent services ssh'
says 'a service' '^ssh +22/tcp'
run 'getent protocols udp'
says 'a protocol' '^udp +17 UDP'
cp /etc/resolv.conf /tmp/resolv.conf
run 'echo "example.test 192.0.2.53" > /tmp/dnsd.conf; echo "nameserver 127.0.0.1" > /etc/resolv.conf'
# Debian's busybox has no name server; the one that was built here has.
start dnsd '/musl/bin/busybox dnsd -v -i 127.0.0.1 -c /tmp/dnsd.conf'
until_true 'ss -Huan sport = :53 | grep -q :53'
run 'getent ahostsv4 example.test'
says 'a name from a name server over UDP' '^192.0.2.53 +STREAM example.test'
run 'getent ahostsv4 nosuch.test'
left 'a name that nobody knows' 2
run 'busybox nslookup example.test 127.0.0.1'
says 'another program asks' 'Address.*192.0.2.53'
cat /tmp/resolv.conf > /etc/resolv.conf
