"""How `make lab` opens JupyterLab: a chart is saved as its data, without the picture Lab would add to each."""

from typing import Any

PLOTLY, PICTURE = "application/vnd.plotly.v1+json", "image/png"


def without_pictures(model: dict[str, Any], **_: object) -> None:
    """Leave the pictures of charts out of a notebook that is about to be saved."""
    if model["type"] != "notebook" or model.get("content") is None:
        return
    for cell in model["content"].get("cells", []):
        for output in cell.get("outputs", []):
            if PLOTLY in output.get("data", {}):
                output["data"].pop(PICTURE, None)


get_config().ContentsManager.pre_save_hook = without_pictures  # noqa: F821 - Jupyter hands it in
