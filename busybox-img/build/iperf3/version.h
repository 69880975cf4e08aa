/* For sources that come without the file that configure writes. */
#define IPERF_VERSION "3.22"
