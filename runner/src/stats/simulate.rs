//! The whole procedure on machines that exist only here: how often it cries wolf, and how
//! often it sees one.
//!
//! A machine's speed is the product of a drift that remembers (AR(1)), of each boot's own
//! luck, and of rare slow boots. Sizes are those of a shared CI runner, as measured A/A
//! tables of several projects have them: drift 6 %, boots 3 %.

use super::*;
use crate::outcome::Better;

/// The smallest difference that matters where nothing was calibrated: 3 %.
const DELTA: f64 = 0.03;

struct Machine {
    rng: Rng,
    drift: f64,
    drift_size: f64,
    boot_size: f64,
}

impl Machine {
    /// How much of the drift is still there at the next boot.
    const MEMORY: f64 = 0.9;
    /// How many boots are slow, and by how much at most.
    const SLOW_BOOTS: f64 = 0.03;
    const SLOWEST: f64 = 0.2;

    fn shared(seed: u64) -> Machine {
        Machine::new(seed, 0.06, 0.03)
    }

    fn new(seed: u64, drift_size: f64, boot_size: f64) -> Machine {
        let mut rng = Rng::new(seed);
        let drift = drift_size * rng.normal();
        Machine {
            rng,
            drift,
            drift_size,
            boot_size,
        }
    }

    /// One boot's figure of a kernel of this speed.
    fn boot(&mut self, speed: f64) -> f64 {
        let fresh = (1.0 - Self::MEMORY * Self::MEMORY).sqrt() * self.drift_size;
        self.drift = Self::MEMORY * self.drift + fresh * self.rng.normal();
        let mut log = self.drift + self.boot_size * self.rng.normal();
        if self.rng.unit() < Self::SLOW_BOOTS {
            log -= Self::SLOWEST * self.rng.unit();
        }
        speed * log.exp()
    }

    fn set(&mut self, pairs: usize, speed_of_b: f64) -> PairedSamples {
        let mut samples = PairedSamples::default();
        for first in schedule(pairs, &mut self.rng.clone()) {
            let (a, b);
            match first {
                First::A => {
                    a = self.boot(1000.0);
                    b = self.boot(1000.0 * speed_of_b);
                }
                First::B => {
                    b = self.boot(1000.0 * speed_of_b);
                    a = self.boot(1000.0);
                }
            }
            samples.a.push(a);
            samples.b.push(b);
        }
        samples
    }

    /// What `--pairs` comes to: a second set where the first one claims something.
    fn verdict(&mut self, pairs: usize, speed_of_b: f64) -> Word {
        let samples = self.set(pairs, speed_of_b);
        let first = word(samples.estimate(Better::Higher).as_ref(), DELTA);
        match first.is_claim() {
            true => {
                let second = self.set(pairs, speed_of_b).confirmation(Better::Higher);
                confirmed(first, word(second.as_ref(), DELTA))
            }
            false => first,
        }
    }
}

/// Verdicts of `sets` machines, as a share in per cent.
fn share(sets: u64, machine: fn(u64) -> Machine, pairs: usize, speed: f64, wanted: &[Word]) -> f64 {
    let hits = (0..sets).filter(|&seed| wanted.contains(&machine(seed).verdict(pairs, speed)));
    100.0 * hits.count() as f64 / sets as f64
}

#[test]
fn a_kernel_against_itself_gets_no_false_verdict() {
    for pairs in [6, 8, 12] {
        let wrong = share(
            4000,
            Machine::shared,
            pairs,
            1.0,
            &[Word::Regressed, Word::Improved],
        );
        assert!(wrong <= 0.5, "{pairs} pairs: {wrong} % false verdicts");
    }
}

#[test]
fn a_worse_machine_does_not_make_false_verdicts_either() {
    let bad = |seed| Machine::new(seed, 0.10, 0.05);
    let wrong = share(4000, bad, 8, 1.0, &[Word::Regressed, Word::Improved]);
    assert!(wrong <= 0.5, "{wrong} % false verdicts");
}

#[test]
fn ten_per_cent_are_found() {
    let found = share(2000, Machine::shared, 8, 0.9, &[Word::Regressed]);
    assert!(found >= 85.0, "8 pairs: {found} % found");
    let found = share(2000, Machine::shared, 12, 0.9, &[Word::Regressed]);
    assert!(found >= 95.0, "12 pairs: {found} % found");
    let opposite = share(2000, Machine::shared, 8, 0.9, &[Word::Improved]);
    assert_eq!(opposite, 0.0);
}

/// The first set alone, without the second: why there is a second one.
#[test]
fn one_set_alone_errs_now_and_then() {
    let errs = |seed: &u64| {
        let samples = Machine::shared(*seed).set(8, 1.0);
        word(samples.estimate(Better::Higher).as_ref(), DELTA).is_claim()
    };
    let wrong = 100.0 * (0..4000).filter(errs).count() as f64 / 4000.0;
    assert!((0.2..5.0).contains(&wrong), "{wrong} %");
}
