# Programs that test system calls through the C library, ours: `Pass!` for each that leaves with 0.
echo "#### OS COMP TEST GROUP START libctest-LIBC ####"

for program in libctest/*; do
    name=${program##*/}
    echo "========== START LINKED.exe $name =========="
    if ./busybox timeout 60 ./$program; then
        echo "Pass!"
    else
        echo "FAIL $name [status $?]"
    fi
    echo "========== END LINKED.exe $name =========="
done

echo "#### OS COMP TEST GROUP END libctest-LIBC ####"
