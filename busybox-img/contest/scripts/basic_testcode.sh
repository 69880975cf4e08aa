# Small programs around one system call each.
echo "#### OS COMP TEST GROUP START basic-LIBC ####"

cd basic
./busybox mkdir -p mnt test_chdir 2>/dev/null
for name in brk chdir clone close dup2 dup execve exit fork fstat getcwd getdents getpid getppid \
    gettimeofday mkdir mmap mount munmap open openat pipe read sleep times umount uname unlink wait \
    waitpid write yield; do
    echo "========== START test_$name =========="
    ./basic $name
    echo "========== END test_$name =========="
done
cd ..

echo "#### OS COMP TEST GROUP END basic-LIBC ####"
