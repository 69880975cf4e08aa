/*
 * System V shared memory (shmget(2), shmat(2), shmctl(2)): one memory for two
 * processes, gone after IPC_RMID and the last detach; memfd_create(2) as a file of
 * memory.
 * Agrees: Linux 6.18.
 */
#include "check.h"

#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>

static int id;

static void writes(void)
{
	char *memory = shmat(id, NULL, 0);

	if (memory == (void *)-1)
		_exit(1);
	strcpy(memory, "from the child");
	shmdt(memory);
}

int main(void)
{
	struct shmid_ds what;
	char *memory;
	int fd;

	id = NEED(shmget(IPC_PRIVATE, 8192, IPC_CREAT | 0600));
	memory = NEED(shmat(id, NULL, 0));
	WANT(memory[8191], 0);
	WANT(in_child(writes), 0);
	CHECK(strcmp(memory, "from the child") == 0);
	WANT(shmctl(id, IPC_STAT, &what), 0);
	WANT(what.shm_segsz, 8192);
	WANT(what.shm_nattch, 1);
	WANT(shmctl(id, IPC_RMID, NULL), 0);
	CHECK(strcmp(memory, "from the child") == 0);
	WANT(shmdt(memory), 0);
	FAILS(shmctl(id, IPC_STAT, &what), EINVAL);
	FAILS(shmdt(memory), EINVAL);

	fd = NEED(memfd_create("test", MFD_CLOEXEC));
	WANT(ftruncate(fd, 4096), 0);
	memory = NEED(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	strcpy(memory, "memory");
	CHECK(pread(fd, (char[8]){ 0 }, 6, 0) == 6);
	return done();
}
