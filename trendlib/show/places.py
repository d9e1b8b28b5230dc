"""Names of countries: what stands for a region's two letters where there is room for a word.

The codes are those of ISO 3166-1 with English short names as people use them, and those that platforms and catalogues
send besides: ``XK`` for Kosovo, ``UK`` for ``GB`` and ``EL`` for ``GR``, islands that post has codes for, and
MusicBrainz' own for releases of the whole world, of Europe, and of countries that are no more. Whatever has no name
here is shown as it came.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from trendlib.show.theme import plain_text

_NAMES = """\
AC Ascension Island|AD Andorra|AE United Arab Emirates|AF Afghanistan|AG Antigua & Barbuda|AI Anguilla|AL Albania
AM Armenia|AN Netherlands Antilles|AO Angola|AQ Antarctica|AR Argentina|AS American Samoa|AT Austria|AU Australia
AW Aruba|AX Åland Islands|AZ Azerbaijan|BA Bosnia & Herzegovina|BB Barbados|BD Bangladesh|BE Belgium|BF Burkina Faso
BG Bulgaria|BH Bahrain|BI Burundi|BJ Benin|BL St. Barthélemy|BM Bermuda|BN Brunei|BO Bolivia|BQ Caribbean Netherlands
BR Brazil|BS Bahamas|BT Bhutan|BV Bouvet Island|BW Botswana|BY Belarus|BZ Belize|CA Canada|CC Cocos Islands
CD DR Congo|CF Central African Republic|CG Congo|CH Switzerland|CI Côte d’Ivoire|CK Cook Islands|CL Chile|CM Cameroon
CN China|CO Colombia|CR Costa Rica|CU Cuba|CV Cape Verde|CW Curaçao|CX Christmas Island|CY Cyprus|CZ Czechia
DE Germany|DG Diego Garcia|DJ Djibouti|DK Denmark|DM Dominica|DO Dominican Republic|DZ Algeria|EA Ceuta & Melilla
EC Ecuador|EE Estonia|EG Egypt|EH Western Sahara|EL Greece|ER Eritrea|ES Spain|ET Ethiopia|EU European Union|FI Finland
FJ Fiji|FK Falkland Islands|FM Micronesia|FO Faroe Islands|FR France|GA Gabon|GB United Kingdom|GD Grenada|GE Georgia
GF French Guiana|GG Guernsey|GH Ghana|GI Gibraltar|GL Greenland|GM Gambia|GN Guinea|GP Guadeloupe|GQ Equatorial Guinea
GR Greece|GS South Georgia|GT Guatemala|GU Guam|GW Guinea-Bissau|GY Guyana|HK Hong Kong|HM Heard & McDonald Islands
HN Honduras|HR Croatia|HT Haiti|HU Hungary|IC Canary Islands|ID Indonesia|IE Ireland|IL Israel|IM Isle of Man|IN India
IO British Indian Ocean Territory|IQ Iraq|IR Iran|IS Iceland|IT Italy|JE Jersey|JM Jamaica|JO Jordan|JP Japan|KE Kenya
KG Kyrgyzstan|KH Cambodia|KI Kiribati|KM Comoros|KN St. Kitts & Nevis|KP North Korea|KR South Korea|KW Kuwait
KY Cayman Islands|KZ Kazakhstan|LA Laos|LB Lebanon|LC St. Lucia|LI Liechtenstein|LK Sri Lanka|LR Liberia|LS Lesotho
LT Lithuania|LU Luxembourg|LV Latvia|LY Libya|MA Morocco|MC Monaco|MD Moldova|ME Montenegro|MF St. Martin|MG Madagascar
MH Marshall Islands|MK North Macedonia|ML Mali|MM Myanmar|MN Mongolia|MO Macao|MP Northern Mariana Islands|MQ Martinique
MR Mauritania|MS Montserrat|MT Malta|MU Mauritius|MV Maldives|MW Malawi|MX Mexico|MY Malaysia|MZ Mozambique|NA Namibia
NC New Caledonia|NE Niger|NF Norfolk Island|NG Nigeria|NI Nicaragua|NL Netherlands|NO Norway|NP Nepal|NR Nauru|NU Niue
NZ New Zealand|OM Oman|PA Panama|PE Peru|PF French Polynesia|PG Papua New Guinea|PH Philippines|PK Pakistan|PL Poland
PM St. Pierre & Miquelon|PN Pitcairn Islands|PR Puerto Rico|PS Palestine|PT Portugal|PW Palau|PY Paraguay|QA Qatar
RE Réunion|RO Romania|RS Serbia|RU Russia|RW Rwanda|SA Saudi Arabia|SB Solomon Islands|SC Seychelles|SD Sudan|SE Sweden
SG Singapore|SH St. Helena|SI Slovenia|SJ Svalbard & Jan Mayen|SK Slovakia|SL Sierra Leone|SM San Marino|SN Senegal
SO Somalia|SR Suriname|SS South Sudan|ST São Tomé & Príncipe|SU Soviet Union|SV El Salvador|SX Sint Maarten|SY Syria
SZ Eswatini|TA Tristan da Cunha|TC Turks & Caicos Islands|TD Chad|TF French Southern Territories|TG Togo|TH Thailand
TJ Tajikistan|TK Tokelau|TL Timor-Leste|TM Turkmenistan|TN Tunisia|TO Tonga|TR Türkiye|TT Trinidad & Tobago|TV Tuvalu
TW Taiwan|TZ Tanzania|UA Ukraine|UG Uganda|UK United Kingdom|UM U.S. Outlying Islands|US United States|UY Uruguay
UZ Uzbekistan|VA Vatican City|VC St. Vincent & Grenadines|VE Venezuela|VG British Virgin Islands|VI U.S. Virgin Islands
VN Vietnam|VU Vanuatu|WF Wallis & Futuna|WS Samoa|XC Czechoslovakia|XE Europe|XG East Germany|XK Kosovo|XW worldwide
YE Yemen|YT Mayotte|YU Yugoslavia|ZA South Africa|ZM Zambia|ZW Zimbabwe"""
REGIONS: Mapping[str, str] = MappingProxyType(
    {entry[:2]: entry[3:] for entry in _NAMES.replace("\n", "|").split("|")},
)
# How long a name may be at an axis [signs], and how much room that takes [px].
NAME_SIGNS, NAME_ROOM = 18, 132
# Within a sentence these are called "the …".
_WITH_ARTICLE = frozenset(
    "AE AN AX BS BV CC CF CK CX DO EU FK FO GB GM IC IM IO KM KY MH MP MV NL PH PN SB SU TC TF UK UM US VG VI".split()
)


def region_name(code: Any) -> str:
    """Name a region: ``Brazil`` for ``BR``.

    Examples
    --------
    >>> [region_name(code) for code in ("BR", "gb", "UK", "XK", "ZZ", None)]
    ['Brazil', 'United Kingdom', 'United Kingdom', 'Kosovo', 'ZZ', '']
    """
    text = plain_text(code, 40)
    return REGIONS.get(text.upper(), text)


def the_region(code: Any) -> str:
    """Name a region within a sentence.

    Examples
    --------
    >>> f"crosses into {the_region('US')} from {the_region('BR')}"
    'crosses into the United States from Brazil'
    """
    article = "the " if plain_text(code, 40).upper() in _WITH_ARTICLE else ""
    return article + region_name(code)


def region_words(code: Any) -> str:
    """Name a region with its code, as commands have it.

    Examples
    --------
    >>> region_words("BR"), region_words("XX"), region_words(None)
    ('Brazil (BR)', 'XX', '–')
    """
    text, name = plain_text(code, 40), region_name(code)
    return (name if name == text else f"{name} ({text.upper()})") or "–"
