//! Real-time clocks: read once at boot for CLOCK_REALTIME, and by the file `/dev/rtc0` (`fs::dev`).
//!
//! Both count in UTC. The registers of one reading belong together: [`Rtc`] keeps a spin lock around
//! them. Typical sequence: `probe` finds one, [`super::init`] reads it, `rtc.set(seconds)` comes later.

use core::ops::RangeInclusive;

use super::memory::Mmio;
use crate::sync::SpinLock;

/// A clock that knows the date.
pub struct Rtc(SpinLock<Clock>);

/// Which registers it has.
pub enum Clock {
    /// QEMU's Goldfish RTC: nanoseconds since 1970 (goldfish device specification).
    Goldfish(Mmio),
    /// The "time of year" counter of Loongson's LS7A bridge.
    Ls7a(Mmio),
}

impl Rtc {
    /// A clock that was found.
    pub fn new(clock: Clock) -> Rtc {
        Rtc(SpinLock::new(clock))
    }

    /// The name that Linux's driver gives it.
    pub fn name(&self) -> &'static str {
        match *self.0.lock() {
            Clock::Goldfish(_) => "goldfish_rtc",
            Clock::Ls7a(_) => "loongson-rtc",
        }
    }

    /// Nanoseconds since 1970, as the clock has it now.
    pub fn now_ns(&self) -> u64 {
        match &*self.0.lock() {
            // Reading the low half latches the high one.
            Clock::Goldfish(registers) => {
                let low = registers.read::<u32>(0x00) as u64;
                low | (registers.read::<u32>(0x04) as u64) << 32
            }
            Clock::Ls7a(registers) => ls7a_ns(registers),
        }
    }

    /// The seconds since 1970 that the registers have room for.
    pub fn range(&self) -> RangeInclusive<u64> {
        match *self.0.lock() {
            Clock::Goldfish(_) => 0..=u64::MAX / 1_000_000_000,
            // 2000 to 2099, as far as leap years are regular.
            Clock::Ls7a(_) => 946_684_800..=4_102_444_799,
        }
    }

    /// Sets the clock, in seconds since 1970 within [`Rtc::range`].
    pub fn set(&self, seconds: u64) {
        match &*self.0.lock() {
            Clock::Goldfish(registers) => {
                let ns = seconds * 1_000_000_000;
                registers.write(0x04, (ns >> 32) as u32);
                registers.write(0x00, ns as u32);
            }
            Clock::Ls7a(registers) => ls7a_set(registers, Date::of(seconds)),
        }
    }
}

/// LS7A1000 user manual, 18 (RTC): the counter runs if both enable bits are set.
fn ls7a_ns(registers: &Mmio) -> u64 {
    const READ_LOW: usize = 0x2c;
    const READ_YEAR: usize = 0x30;

    ls7a_run(registers);
    let (year, time) = loop {
        let year: u32 = registers.read(READ_YEAR);
        let time: u32 = registers.read(READ_LOW);
        // Read again if a new year began between the two.
        if registers.read::<u32>(READ_YEAR) == year {
            break (1900 + year as u64, time as u64);
        }
    };
    let (month, day) = (time >> 26 & 0x3f, time >> 21 & 0x1f);
    let (hour, minute, second) = (time >> 16 & 0x1f, time >> 10 & 0x3f, time >> 4 & 0x3f);
    let tenths = time & 0xf;
    let days = days_since_1970(year, month, day);
    let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
    seconds * 1_000_000_000 + tenths * 100_000_000
}

fn ls7a_run(registers: &Mmio) {
    const CONTROL: usize = 0x40;
    const TOY_ENABLE: u32 = 1 << 11;
    const OSCILLATOR: u32 = 1 << 8;

    let control: u32 = registers.read(CONTROL);
    registers.write(CONTROL, control | TOY_ENABLE | OSCILLATOR);
}

/// The same section: the fields are written as they are read.
fn ls7a_set(registers: &Mmio, date: Date) {
    const WRITE_LOW: usize = 0x24;
    const WRITE_YEAR: usize = 0x28;

    ls7a_run(registers);
    let day = date.month << 26 | date.day << 21;
    let time = date.hour << 16 | date.minute << 10 | date.second << 4;
    // The year first: a day that the old one does not have would become the next one.
    registers.write(WRITE_YEAR, (date.year - 1900) as u32);
    registers.write(WRITE_LOW, (day | time) as u32);
}

/// A moment in UTC, by the Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it all")]
pub struct Date {
    pub year: u64,
    /// From 1.
    pub month: u64,
    /// From 1.
    pub day: u64,
    pub hour: u64,
    pub minute: u64,
    pub second: u64,
    /// Days since Sunday.
    pub weekday: u64,
    /// Days since the first of January.
    pub yearday: u64,
}

impl Date {
    /// The moment `seconds` after 1970 began.
    pub fn of(seconds: u64) -> Date {
        let (days, time) = (seconds / 86_400, seconds % 86_400);
        // No year is longer than 366 days: this is never too late, and late by a year per 1460 at most.
        let mut year = 1970 + days / 366;
        while days_since_1970(year + 1, 1, 1) <= days {
            year += 1;
        }
        let mut month = 1;
        while month < 12 && days_since_1970(year, month + 1, 1) <= days {
            month += 1;
        }
        Date {
            year,
            month,
            day: days - days_since_1970(year, month, 1) + 1,
            hour: time / 3600,
            minute: time / 60 % 60,
            second: time % 60,
            // The first day of 1970 was a Thursday.
            weekday: (days + 4) % 7,
            yearday: days - days_since_1970(year, 1, 1),
        }
    }

    /// Seconds since 1970; `None` for a day or an hour that does not exist, or lies before.
    pub fn seconds(&self) -> Option<u64> {
        let days = days_since_1970(self.year, self.month, self.day);
        let time = (self.hour * 60 + self.minute) * 60 + self.second;
        let seconds = days.checked_mul(86_400)?.checked_add(time)?;
        let there = self.year >= 1970 && self.hour < 24 && self.minute < 60 && self.second < 60;
        let again = |other: Date| (other.year, other.month, other.day);
        let same = || again(Date::of(seconds)) == again(*self);
        (there && self.year < 100_000 && same()).then_some(seconds)
    }
}

/// Days from 1970-01-01 to a date of the Gregorian calendar (months and days from 1).
fn days_since_1970(year: u64, month: u64, day: u64) -> u64 {
    const BEFORE: [u64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let leap_days_before = |year: u64| year / 4 - year / 100 + year / 400;
    let years = year.saturating_sub(1970);
    let leaps = leap_days_before(year.saturating_sub(1)).saturating_sub(leap_days_before(1969));
    let month = month.clamp(1, 12);
    let this_leap = (is_leap && month > 2) as u64;
    let before = BEFORE[month as usize - 1];
    years * 365 + leaps + before + this_leap + day.saturating_sub(1)
}
