//! The API over a socket.
