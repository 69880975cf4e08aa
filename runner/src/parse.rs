//! `runner parse`: reads a saved serial line again.
//!
//! For a run whose runner was killed, and for a serial line from elsewhere. Judges
//! nothing but what the agent reported itself.

use std::collections::BTreeSet;
use std::fs;

use protocol::record::{self, Found};

use crate::cli::ParseArgs;
use crate::console::{Decoder, Event, is_panic};
use crate::outcome::{Exit, missing};

/// Prints each case's end on stdout, everything unusual on stderr.
pub fn run(args: &ParseArgs) -> anyhow::Result<Exit> {
    let bytes = fs::read(&args.file)
        .map_err(|error| missing(format!("{}: {error}", args.file.display())))?;
    let boots: BTreeSet<u32> = bytes
        .split(|&byte| byte == b'\n')
        .filter_map(|line| match record::find(line) {
            Found::Record(record) => Some(record.nonce),
            _ => None,
        })
        .collect();
    let mut ends = 0;
    let mut exit = Exit::Ok;
    for nonce in boots {
        let mut decoder = Decoder::new(nonce);
        let mut bye = false;
        decoder.feed(&bytes, |event| match event {
            Event::End(case, ended) => {
                ends += 1;
                println!("{nonce:08x} {case} {:?} {} ms", ended.how, ended.millis);
            }
            Event::Bye => bye = true,
            Event::Text(line) if is_panic(&line) => {
                eprintln!("panic: {line}");
                exit = Exit::Crashed;
            }
            Event::Lost(count) => eprintln!("{nonce:08x}: {count} records lost"),
            _ => {}
        });
        if !bye {
            eprintln!("{nonce:08x}: the agent never said bye");
            exit = exit.worse(Exit::Incomplete);
        }
    }
    Ok(if ends == 0 {
        Exit::NothingSelected
    } else {
        exit
    })
}
