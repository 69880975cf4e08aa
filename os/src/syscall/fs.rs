//! System calls of the family `fs`.

use super::table::Row;

/// The rows of this family.
pub const ROWS: &[Row] = &[];
