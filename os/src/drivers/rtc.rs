//! Real-time clocks: read once at boot, for CLOCK_REALTIME.

use super::memory::Mmio;

/// A clock that knows the date.
pub enum Clock {
    /// QEMU's Goldfish RTC: nanoseconds since 1970 (goldfish device specification).
    Goldfish(Mmio),
    /// The "time of year" counter of Loongson's LS7A bridge.
    Ls7a(Mmio),
}

/// Nanoseconds since 1970, as the clock has it now.
pub fn unix_time_ns(clock: &Clock) -> u64 {
    match clock {
        // Reading the low half latches the high one.
        Clock::Goldfish(registers) => {
            let low = registers.read::<u32>(0x00) as u64;
            low | (registers.read::<u32>(0x04) as u64) << 32
        }
        Clock::Ls7a(registers) => ls7a_ns(registers),
    }
}

/// LS7A1000 user manual, 18 (RTC): the counter runs if both enable bits are set.
fn ls7a_ns(registers: &Mmio) -> u64 {
    const READ_LOW: usize = 0x2c;
    const READ_YEAR: usize = 0x30;
    const CONTROL: usize = 0x40;
    const TOY_ENABLE: u32 = 1 << 11;
    const OSCILLATOR: u32 = 1 << 8;

    let control: u32 = registers.read(CONTROL);
    registers.write(CONTROL, control | TOY_ENABLE | OSCILLATOR);
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
