//! The settings: environment and .env to Config, every problem at once.
