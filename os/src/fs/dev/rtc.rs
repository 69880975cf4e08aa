//! Clocks that know the date as files: /dev/rtc0 and its kin, and /sys/class/rtc. rtc(4).
//!
//! **What.** RTC_RD_TIME and RTC_SET_TIME over [`drivers::Rtc`]. Neither clock's interrupt is used, so there is no
//! alarm: what asks for one gets the answer of a Linux driver without alarms.
//! **Who calls.** `fs::dev` registers them at boot; then whoever opens the file, one at a time.
//! **Who owns and locks.** The clock locks inside; who has the file open is one flag a clock.

use super::register;
use crate::{
    Result,
    drivers::{self, Date, Rtc},
    file::{Events, File, Io, anon_stat, hooks},
    fs::{caller::CAP_SYS_TIME, pseudo::sys},
    mm::{UserOut, UserPtr},
    sched::{self, Interruptible, WaitQueue},
};
use abi::Errno;
use alloc::{boxed::Box, format, string::String, sync::Arc};
use core::{
    any::Any,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

/// Linux takes the number from those that nobody owns; this one it usually has.
const MAJOR: u32 = 250;

/// linux/rtc.h.
const RTC_AIE_ON: u32 = 0x7001;
const RTC_AIE_OFF: u32 = 0x7002;
const RTC_UIE_ON: u32 = 0x7003;
const RTC_UIE_OFF: u32 = 0x7004;
const RTC_ALM_SET: u32 = 0x4024_7007;
const RTC_ALM_READ: u32 = 0x8024_7008;
const RTC_RD_TIME: u32 = 0x8024_7009;
const RTC_SET_TIME: u32 = 0x4024_700a;
const RTC_WKALM_SET: u32 = 0x4028_700f;
const RTC_WKALM_RD: u32 = 0x8028_7010;

/// `struct rtc_time`: second, minute, hour, day, month from 0, years since 1900, weekday, day of the year, isdst.
type Fields = [i32; 9];

struct Clock {
    rtc: Arc<Rtc>,
    number: u32,
    /// One opener at a time.
    taken: AtomicBool,
}

/// An open clock; dropping it lets the next one in.
struct Opened {
    clock: Arc<Clock>,
    /// Nobody ever wakes it: there are no interrupts to read.
    queue: WaitQueue,
}

/// Makes the nodes.
pub(super) fn register_all() {
    for (number, rtc) in drivers::rtcs().into_iter().enumerate() {
        let clock = Arc::new(Clock {
            rtc,
            number: number as u32,
            taken: AtomicBool::new(false),
        });
        publish(&clock);
        let name = format!("rtc{number}");
        register(
            &name,
            MAJOR,
            number as u32,
            0o600,
            Box::new(move |_| clock.open()),
        );
    }
}

/// /sys/class/rtc/rtc0, sysfs-class-rtc of Linux's ABI documents.
fn publish(clock: &Arc<Clock>) {
    let file = |name: &str, text: fn(&Clock) -> String| {
        let clock = clock.clone();
        let path = format!("class/rtc/rtc{}/{name}", clock.number);
        sys().file(&path, move || text(&clock) + "\n");
    };
    file("name", |clock| clock.rtc.name().into());
    file("dev", |clock| format!("{MAJOR}:{}", clock.number));
    file("since_epoch", |clock| format!("{}", clock.seconds()));
    file("date", |clock| {
        let date = Date::of(clock.seconds());
        format!("{}-{:02}-{:02}", date.year, date.month, date.day)
    });
    file("time", |clock| {
        let date = Date::of(clock.seconds());
        format!("{:02}:{:02}:{:02}", date.hour, date.minute, date.second)
    });
    // Whether CLOCK_REALTIME was set from it.
    file("hctosys", |clock| {
        format!("{}", u8::from(clock.number == 0))
    });
}

impl Clock {
    fn open(self: &Arc<Self>) -> Result<Arc<dyn File>> {
        if self.taken.swap(true, Relaxed) {
            return Err(Errno::EBUSY);
        }
        Ok(Arc::new(Opened {
            clock: self.clone(),
            queue: WaitQueue::new(),
        }))
    }

    fn seconds(&self) -> u64 {
        self.rtc.now_ns() / 1_000_000_000
    }

    fn read(&self) -> Fields {
        let date = Date::of(self.seconds());
        let (month, year) = (date.month - 1, date.year - 1900);
        [
            date.second,
            date.minute,
            date.hour,
            date.day,
            month,
            year,
            date.weekday,
            date.yearday,
            0,
        ]
        .map(|field| field as i32)
    }

    /// `EINVAL`: no such day or hour. `ERANGE`: the clock has no room for it.
    fn set(&self, fields: Fields) -> Result<()> {
        let [second, minute, hour, day, month, year, ..] = fields.map(i64::from);
        let field = |value: i64| u64::try_from(value).map_err(|_| Errno::EINVAL);
        let date = Date {
            year: field(year + 1900)?,
            month: field(month + 1)?,
            day: field(day)?,
            hour: field(hour)?,
            minute: field(minute)?,
            second: field(second)?,
            weekday: 0,
            yearday: 0,
        };
        let seconds = date.seconds().ok_or(Errno::EINVAL)?;
        if !self.rtc.range().contains(&seconds) {
            return Err(Errno::ERANGE);
        }
        self.rtc.set(seconds);
        Ok(())
    }
}

impl File for Opened {
    /// Interrupts since the last read: there are none, so this waits for a signal.
    fn read(&self, io: Io, out: &mut UserOut<'_>) -> Result<usize> {
        if out.remaining() != 4 && out.remaining() < 8 {
            return Err(Errno::EINVAL);
        }
        if io.nonblock {
            return Err(Errno::EAGAIN);
        }
        sched::wait_until(&[&self.queue], None, Interruptible::Yes, || None)
    }

    fn poll(&self) -> Events {
        Events::empty()
    }

    fn queue(&self) -> Option<&WaitQueue> {
        Some(&self.queue)
    }

    fn ioctl(&self, request: u32, arg: usize) -> Result<usize> {
        match request {
            RTC_RD_TIME => UserPtr::new(arg).write(&self.clock.read())?,
            RTC_SET_TIME => {
                if !hooks::tasks().capable(CAP_SYS_TIME) {
                    return Err(Errno::EACCES);
                }
                self.clock.set(UserPtr::<Fields>::new(arg).read()?)?;
            }
            RTC_AIE_ON | RTC_UIE_ON | RTC_ALM_SET | RTC_ALM_READ | RTC_WKALM_SET | RTC_WKALM_RD => {
                return Err(Errno::EINVAL);
            }
            // Off is what they are.
            RTC_AIE_OFF | RTC_UIE_OFF => {}
            _ => return Err(Errno::ENOTTY),
        }
        Ok(0)
    }

    fn stat(&self) -> Result<abi::general::stat> {
        Ok(anon_stat(0o020600, 0))
    }

    fn link_name(&self) -> String {
        format!("/dev/rtc{}", self.clock.number)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.clock.taken.store(false, Relaxed);
    }
}
