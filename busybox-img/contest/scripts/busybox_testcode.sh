# Every line of busybox_cmd.txt is a command of busybox; `false` is right when it fails.
echo "#### OS COMP TEST GROUP START busybox-LIBC ####"

while read -r line; do
    eval "./busybox $line" </dev/null
    code=$?
    [ "$line" = false ] && code=$((1 - code))
    word=success
    [ $code -eq 0 ] || word=fail
    echo "testcase busybox $line $word"
done <busybox_cmd.txt

echo "#### OS COMP TEST GROUP END busybox-LIBC ####"
