"""Who else is on the command topic."""

from pi0_ros.core.command_topic import SUBSCRIBER_GRACE_NS, SubscriberWatch, second_publisher

OWN = "/left/pi0_controller"


def test_this_nodes_own_publisher_is_no_other():
    assert second_publisher("commands", OWN, [OWN]) == ""
    assert second_publisher("commands", OWN, []) == ""


def test_other_publishers_are_named():
    said = second_publisher("commands", OWN, ["/teleop", OWN, "/planner"])
    assert said == (
        "/planner, /teleop also publishes on commands: only one node may command the arm"
    )


def test_a_second_node_of_the_same_name_is_another_one():
    said = second_publisher("commands", OWN, [OWN, OWN])
    assert said.startswith(f"another node called {OWN} also publishes")


def test_before_activation_a_missing_subscriber_is_a_problem_at_once():
    said = SubscriberWatch("commands").problem(0, active=False, steady_ns=7)
    assert said == (
        "nobody subscribes to commands: start the arm's controller, remap the topic to its name, "
        "or change the parameter command_interface"
    )


def test_while_active_it_may_be_away_for_a_moment():
    watch = SubscriberWatch("commands")
    assert watch.problem(1, active=True, steady_ns=0) == ""
    assert watch.problem(0, active=True, steady_ns=10) == ""
    assert watch.problem(0, active=True, steady_ns=10 + SUBSCRIBER_GRACE_NS) == ""
    assert watch.problem(0, active=True, steady_ns=11 + SUBSCRIBER_GRACE_NS)
    assert watch.problem(2, active=True, steady_ns=12 + SUBSCRIBER_GRACE_NS) == ""


def test_the_grace_begins_anew_with_every_absence():
    watch = SubscriberWatch("commands")
    watch.problem(0, active=True, steady_ns=0)
    watch.problem(1, active=True, steady_ns=5)
    assert watch.problem(0, active=True, steady_ns=6 + SUBSCRIBER_GRACE_NS) == ""
