//! Who boots when: ABBA, with a coin for each block.
//!
//! In a block of two pairs each kernel goes first once, so that a steady drift cancels;
//! the coin keeps a rhythm of the machine from falling in step with the schedule.

use serde::{Deserialize, Serialize};

use super::rng::Rng;

/// Which kernel of a pair boots first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum First {
    /// The first one named.
    A,
    /// The second.
    B,
}

/// The order of `pairs` pairs.
pub fn schedule(pairs: usize, rng: &mut Rng) -> Vec<First> {
    let mut order = Vec::with_capacity(pairs + 1);
    while order.len() < pairs {
        order.extend(match rng.coin() {
            true => [First::A, First::B],
            false => [First::B, First::A],
        });
    }
    order.truncate(pairs);
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_goes_first_as_often() {
        for seed in 0..50 {
            let order = schedule(12, &mut Rng::new(seed));
            assert_eq!(order.iter().filter(|&&first| first == First::A).count(), 6);
            assert!(order.chunks(2).all(|block| block[0] != block[1]));
            assert_eq!(
                order,
                schedule(12, &mut Rng::new(seed)),
                "the seed says it all"
            );
        }
        assert_eq!(schedule(3, &mut Rng::new(1)).len(), 3);
    }

    #[test]
    fn the_start_is_random() {
        let starts: Vec<First> = (0..64)
            .map(|seed| schedule(2, &mut Rng::new(seed))[0])
            .collect();
        let a = starts.iter().filter(|&&first| first == First::A).count();
        assert!((16..48).contains(&a), "{a} of 64");
    }
}
