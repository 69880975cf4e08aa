# tcpdump(8) on lo: a TCP connection seen from the first segment to the last.
start dump 'tcpdump -i lo -n -l tcp port 7020'
dump=$pid
until_true 'grep -q "listening on lo" /tmp/dump.log'
start server 'nc -l 127.0.0.1 7020'
listening 7020
run 'echo seen | nc -N -w 3 127.0.0.1 7020'
until_true 'test $(grep -c "Flags \[F\.\]" /tmp/dump.log) -ge 2'
sleep 0.3
# A shell's background programs do not hear SIGINT.
kill -TERM $dump
until_true '! kill -0 $dump'
run 'cat /tmp/dump.log'
says 'the first segment' 'IP 127.0.0.1.[0-9]+ > 127.0.0.1.7020: Flags \[S\], seq [0-9]+, win [0-9]+, options \[mss 65495,'
says 'its answer' 'IP 127.0.0.1.7020 > 127.0.0.1.[0-9]+: Flags \[S\.\]'
says 'what was said' 'Flags \[P\.\], seq 1:6, ack 1, .*length 5'
says 'the end' 'Flags \[F\.\]'
says 'nothing was lost' '^0 packets dropped by kernel'
start file 'tcpdump -i lo -U -w /tmp/lo.pcap -c 4 icmp'
until_true 'grep -q "listening on lo" /tmp/file.log'
run 'ping -c 2 -i 0.2 127.0.0.1'
until_true '! kill -0 $pid'
run 'tcpdump -n -r /tmp/lo.pcap'
says 'a file, read again' 'IP 127.0.0.1 > 127.0.0.1: ICMP echo request, id [0-9]+, seq 2, length 64'
says 'with the answers' 'ICMP echo reply'
run 'tcpdump -D'
says 'where it can listen' '^[0-9]+\.lo \[Up, Running, Loopback\]'
run 'tcpdump -i eth0 -c 2 -n icmp & sleep 1; ping -c 1 -W 3 10.0.2.2 >/dev/null; wait'
says 'on the card' 'IP 10.0.2.15 > 10.0.2.2: ICMP echo request'
