"""Parameter files are merged as rclpy merges them, whatever their layout."""

import tempfile
from pathlib import Path

import pytest
import rclpy
from hypothesis import given, settings
from hypothesis import strategies as st

from pi0_ros.bringup.parameter_file import in_force, read_blocks

Layout = list[tuple[str, dict[str, int]]]
NAMESPACES, NODE = ("", "/left", "/left/deep"), "pi0_x"


def as_rclpy_has_it(files: list[Path], namespace: str, domain: int) -> dict[str, object]:
    words = [word for file in files for word in ("--params-file", str(file))]
    context = rclpy.Context()
    rclpy.init(args=["--ros-args", *words], context=context, domain_id=domain)
    node = rclpy.create_node(
        NODE,
        namespace=namespace,
        context=context,
        enable_rosout=False,
        start_parameter_services=False,
    )
    # The same that declare_parameter takes values from.
    found = {name: parameter.value for name, parameter in node._parameter_overrides.items()}
    node.destroy_node()
    rclpy.shutdown(context=context)
    return found


def text_of(layout: Layout) -> str:
    """Written by hand, since a mapping of Python's cannot have a name twice."""
    lines = []
    for name, parameters in layout:
        *folders, last = name.split("|")
        indent = ""
        for folder in (*folders, last):
            lines.append(f"{indent}{folder}:")
            indent += "  "
        lines.append(f"{indent}ros__parameters:")
        lines += [f"{indent}  {key}: {value}" for key, value in parameters.items()]
    return "\n".join(lines) + "\n"


def same_as_rclpy(layouts: list[Layout], domain: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{index}.yaml" for index in range(len(layouts))]
        for file, layout in zip(files, layouts, strict=True):
            file.write_text(text_of(layout))
        blocks = [block for file in files for block in read_blocks(file)]
        for namespace in NAMESPACES:
            expected = as_rclpy_has_it(files, namespace, domain)
            assert in_force(blocks, f"{namespace}/{NODE}") == expected, text_of(layouts[0])


@pytest.mark.parametrize(
    "layouts",
    [
        pytest.param([[("/pi0_x", {"v": 1}), ("/**", {"v": 2})]], id="wildcard below"),
        pytest.param([[("/**", {"v": 1}), ("/pi0_x", {"v": 2})]], id="wildcard above"),
        pytest.param([[("/**/pi0_x", {"v": 1}), ("pi0_x", {"v": 2})]], id="without a slash"),
        pytest.param([[("/*/pi0_x", {"v": 1}), ("/left/*", {"w": 2})]], id="one level"),
        pytest.param([[("left|pi0_x", {"v": 1}), ("/**|pi0_x", {"w": 2})]], id="nested names"),
        pytest.param(
            [[("/pi0_x", {"v": 1})], [("/**", {"v": 2})], [("/pi0_x", {"v": 3, "w": 3})]],
            id="a name of the first file again in the last",
        ),
        pytest.param(
            [[("/**", {"v": 1}), ("/pi0_x", {"v": 2}), ("/**", {"v": 3})]],
            id="a name twice in a file",
        ),
    ],
)
def test_known_layouts_are_merged_as_rclpy_does(layouts: list[Layout], domain: int) -> None:
    same_as_rclpy(layouts, domain)


NAMES = st.sampled_from(
    (
        *("/**", "/*", "/*/*", "/**/*", "/pi0_x", "pi0_x", "/**/pi0_x", "/*/pi0_x"),
        *("/left/pi0_x", "left/pi0_x", "/left/**", "/left/**/pi0_x", "/**/deep/pi0_x"),
        *("left|pi0_x", "/**|pi0_x", "/left|deep|pi0_x", "/other/pi0_x", "pi0_y"),
    )
)
PARAMETERS = st.dictionaries(
    st.sampled_from(("v", "w", "group.v", "group.w")), st.integers(0, 99), min_size=1
)
FILES = st.lists(st.tuples(NAMES, PARAMETERS), min_size=1, max_size=5)


@settings(max_examples=40, deadline=None)
@given(layouts=st.lists(FILES, min_size=1, max_size=3))
def test_any_layout_is_merged_as_rclpy_does(layouts: list[Layout], domain: int) -> None:
    same_as_rclpy(layouts, domain)
