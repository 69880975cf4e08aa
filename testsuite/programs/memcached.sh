# memcached(1): four threads and an event loop each.
start memcached 'memcached -u root -l 127.0.0.1 -p 7080 -U 7080 -t 4'
listening 7080
run "printf 'set bird 0 0 7\\r\\nsockeye\\r\\nget bird\\r\\nincr none 1\\r\\nquit\\r\\n' | nc -w 3 127.0.0.1 7080"
says 'it stores' '^STORED'
says 'it remembers' '^sockeye'
says 'it says what it lacks' '^NOT_FOUND'
run "for i in 1 2 3 4 5 6 7 8; do (head -c 100000 /dev/zero | tr '\\0' \$i | (printf \"set k\$i 0 0 100000\\r\\n\"; cat; printf '\\r\\nquit\\r\\n') | nc -w 3 127.0.0.1 7080) & done; wait"
says 'eight clients at once' '^STORED'
run "printf 'get k8\\r\\nquit\\r\\n' | nc -w 3 127.0.0.1 7080 | tr -d '\\r\\n' | wc -c"
says 'all of a long value' '^10002[0-9]$'
run "printf '\\0\\1\\0\\0\\0\\1\\0\\0get bird\\r\\n' | nc -u -w 1 127.0.0.1 7080 | tr -d '\\0'"
says 'over UDP' 'sockeye'
run "printf 'stats\\r\\nquit\\r\\n' | nc -w 3 127.0.0.1 7080"
says 'its threads' '^STAT threads 4'
says 'what it holds' '^STAT curr_items 9'
