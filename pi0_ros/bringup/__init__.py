"""Which processes with which parameters make a bring-up: data, read by launch files and `pi0`."""

from pi0_ros.bringup.description import Argument, Bringup, NodeSpec
from pi0_ros.bringup.environment import ProcessEnvironment, process_environment
from pi0_ros.bringup.sets import BRINGUPS, CONFORMANCE, DEMO, POLICY, REAL, SIM

__all__ = [
    "BRINGUPS",
    "CONFORMANCE",
    "DEMO",
    "POLICY",
    "REAL",
    "SIM",
    "Argument",
    "Bringup",
    "NodeSpec",
    "ProcessEnvironment",
    "process_environment",
]
