"""The markets of the practice world: how many creators live there, and which words they use."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Region:
    """One market."""

    code: str
    name: str
    weight: float
    language: str


REGIONS: tuple[Region, ...] = (
    Region("US", "United States", 20.0, "en"),
    Region("GB", "United Kingdom", 6.0, "en"),
    Region("CA", "Canada", 2.5, "en"),
    Region("AU", "Australia", 2.0, "en"),
    Region("NG", "Nigeria", 1.6, "en"),
    Region("ZA", "South Africa", 1.5, "en"),
    Region("PH", "Philippines", 5.0, "en"),
    Region("BR", "Brazil", 9.0, "pt"),
    Region("PT", "Portugal", 0.8, "pt"),
    Region("MX", "Mexico", 7.0, "es"),
    Region("ES", "Spain", 3.0, "es"),
    Region("AR", "Argentina", 2.2, "es"),
    Region("CO", "Colombia", 2.2, "es"),
    Region("DE", "Germany", 3.4, "de"),
    Region("FR", "France", 3.8, "fr"),
    Region("IT", "Italy", 3.0, "it"),
    Region("SE", "Sweden", 0.9, "sv"),
    Region("PL", "Poland", 2.0, "pl"),
    Region("TR", "Türkiye", 3.2, "tr"),
    Region("UA", "Ukraine", 1.6, "uk"),
    Region("SA", "Saudi Arabia", 2.6, "ar"),
    Region("EG", "Egypt", 2.2, "ar"),
    Region("ID", "Indonesia", 9.0, "id"),
    Region("VN", "Vietnam", 6.0, "vi"),
    Region("TH", "Thailand", 4.0, "th"),
    Region("JP", "Japan", 4.0, "ja"),
    Region("KR", "South Korea", 2.4, "ko"),
    Region("TW", "Taiwan", 1.2, "zh"),
)
REGION_COUNT = len(REGIONS)


def region_index(code: str) -> int | None:
    """Where a country code stands among the regions, whatever its case; None for a country without creators."""
    wanted = code.upper()
    return next((place for place, region in enumerate(REGIONS) if region.code == wanted), None)
