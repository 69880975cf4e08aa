//! System calls of the family `signal`.

use super::table::Row;

/// The rows of this family.
pub const ROWS: &[Row] = &[];
