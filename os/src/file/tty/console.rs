//! The console: a terminal over the serial line, /dev/console and /dev/ttyS0.

use super::{Tty, Wire};
use crate::{
    arch,
    drivers::{self, Uart},
    sync::SpinLock,
};
use abi::general::B115200;
use alloc::{boxed::Box, string::ToString, sync::Arc};

/// Major 4, minor 64: ttyS0.
const TTY_S0: u64 = 4 << 8 | 64;

static CONSOLE: SpinLock<Option<Arc<Tty>>> = SpinLock::new(None);

/// The console, made when first asked for, after `drivers::init`.
pub fn console() -> Arc<Tty> {
    if let Some(tty) = &*CONSOLE.lock() {
        return tty.clone();
    }
    let uart = drivers::console();
    let wire: Arc<dyn Wire> = match &uart {
        Some(uart) => Arc::new(Serial(uart.clone())),
        None => Arc::new(Firmware),
    };
    let tty = Tty::new("ttyS0".to_string(), TTY_S0, B115200, wire);
    if let Some(uart) = uart {
        let tty = tty.clone();
        uart.on_receive(Box::new(move |byte| _ = tty.receive(&[byte])));
    }
    *CONSOLE.lock() = Some(tty.clone());
    tty
}

/// The serial line takes everything, at once.
struct Serial(Arc<Uart>);

impl Wire for Serial {
    fn room(&self) -> usize {
        usize::MAX / 2
    }

    fn send(&self, bytes: &[u8]) {
        self.0.write(bytes);
    }
}

/// A machine without a serial line that we know: what firmware prints, and no input.
struct Firmware;

impl Wire for Firmware {
    fn room(&self) -> usize {
        usize::MAX / 2
    }

    fn send(&self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| arch::early_putc(byte));
    }
}
