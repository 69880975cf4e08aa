//! The loongarch64 port: DMW windows, software TLB refill, EIOINTC and PCH-PIC.
