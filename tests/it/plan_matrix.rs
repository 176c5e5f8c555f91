//! Cases of the parity matrix that the recorded vectors do not hold.
