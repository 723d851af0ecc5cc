//! The bare repository: read, build trees and commits without a checkout, move refs.
