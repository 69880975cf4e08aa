//! The ns16550 serial line: the console on both machines.
//!
//! `fs`'s terminal calls [`Uart::write`] and sets [`Uart::on_receive`]. Output is
//! polled (QEMU takes a byte as fast as it is written); input comes by interrupt.
//! Registers: PC16550D data sheet, section 8.

use alloc::boxed::Box;
use alloc::sync::Arc;

use super::memory::Mmio;
use crate::irq::{self, Line};
use crate::sync::SpinLock;

/// Receiver buffer (read), transmitter holding (write).
const DATA: usize = 0;
/// Interrupt enable.
const INTERRUPTS: usize = 1;
/// FIFO control (write).
const FIFO: usize = 2;
/// Modem control.
const MODEM: usize = 4;
/// Line status.
const STATUS: usize = 5;

/// Interrupt when bytes are there.
const RECEIVE_INTERRUPT: u8 = 1;
/// A received byte is waiting.
const DATA_READY: u8 = 1;
/// The transmit FIFO is empty.
const TRANSMIT_EMPTY: u8 = 1 << 5;
/// Bytes that the empty transmit FIFO takes.
const FIFO_BYTES: usize = 16;

/// A serial line as the machine describes it.
pub struct Description {
    /// Its registers.
    pub registers: Mmio,
    /// Distance of registers, as a power of two.
    pub shift: usize,
    /// Its interrupt, if it has one.
    pub line: Option<Line>,
}

/// Called with each received byte, with interrupts off.
type Receiver = Box<dyn Fn(u8) + Send + Sync>;

/// A running serial line.
pub struct Uart {
    registers: Mmio,
    shift: usize,
    line: Option<Line>,
    receiver: SpinLock<Option<Receiver>>,
}

impl Uart {
    /// Takes the line over, with interrupts off. Speed and format stay as firmware set them.
    pub(super) fn start(description: Description) -> Arc<Uart> {
        let Description {
            registers,
            shift,
            line,
        } = description;
        let uart = Uart {
            registers,
            shift,
            line,
            receiver: SpinLock::new(None),
        };
        uart.set(INTERRUPTS, 0);
        uart.set(FIFO, 0x01);
        Arc::new(uart)
    }

    /// Sends bytes as they are; spins while the line is busy.
    pub fn write(&self, bytes: &[u8]) {
        for chunk in bytes.chunks(FIFO_BYTES) {
            while self.get(STATUS) & TRANSMIT_EMPTY == 0 {
                core::hint::spin_loop();
            }
            chunk.iter().for_each(|byte| self.set(DATA, *byte));
        }
    }

    /// Sets who gets received bytes, and starts receiving. Set once.
    pub fn on_receive(self: &Arc<Self>, receiver: Receiver) {
        *self.receiver.lock() = Some(receiver);
        if let Some(line) = self.line {
            let uart = self.clone();
            irq::register(line, Box::new(move || uart.interrupt()));
            // OUT2 connects the interrupt on PC-style wiring.
            self.set(MODEM, self.get(MODEM) | 0x08);
            self.set(INTERRUPTS, RECEIVE_INTERRUPT);
        }
    }

    /// Hands over what has been received; also for polling where there is no interrupt.
    pub fn interrupt(&self) {
        let receiver = self.receiver.lock();
        // At most one FIFO's worth and some: a device that always has more must not
        // hold the CPU for ever.
        for _ in 0..4 * FIFO_BYTES {
            if self.get(STATUS) & DATA_READY == 0 {
                break;
            }
            let byte = self.get(DATA);
            if let Some(receiver) = receiver.as_ref() {
                receiver(byte);
            }
        }
    }

    fn get(&self, register: usize) -> u8 {
        self.registers.read(register << self.shift)
    }

    fn set(&self, register: usize, value: u8) {
        self.registers.write(register << self.shift, value);
    }
}
